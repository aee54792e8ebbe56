"""Who stands behind what ships: one person, or a package that is hardly there yet, is a risk
to be taken knowingly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from infra.audit.index import Told
from infra.audit.waivers import Finding

ONE_KEEPER, YOUNG = "one-keeper", "young"
#: How long others have had to find out what a package does.
_YOUTH = timedelta(days=90)
_FILE = "requirements.txt"


def findings(shipped: Mapping[str, Told], today: date) -> Iterator[Finding]:
    """What there is to say about the packages that ship. A rule names its package: each is waived by itself."""
    for name, told in shipped.items():
        if told.organization is None and len(told.keepers) < 2:
            yield Finding("index", f"{ONE_KEEPER} {name}", _FILE, 0, f"only {', '.join(told.keepers)} can publish it")
        if today - told.since < _YOUTH:
            yield Finding("index", f"{YOUNG} {name}", _FILE, 0, f"there since {told.since}")


def is_rule(rule: str) -> bool:
    """Whether a rule is one of these."""
    return rule.split(" ")[0] in (ONE_KEEPER, YOUNG)
