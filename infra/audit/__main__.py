"""Run every check, or with `--write` only write the bill of materials anew: `python -m infra.audit`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from infra.audit import advisories, bom, index, scanners, standing, waivers

_AWAY = "NOT REACHED"


def main() -> int:
    """The exit code: 1 when anything is wrong."""
    if sys.argv[1:] == ["--write"]:
        bom.FILE.write_text(bom.document(), "utf-8")
        return 0
    began = monotonic()
    shipped = bom.shipped()
    told = index.asked(
        [*shipped, *(name for file in advisories.PINNED for name in advisories.pins(scanners.ROOT / file))]
    )
    live = advisories.live()
    found = [*scanners.bandit(), *scanners.semgrep()]
    known = [*advisories.snapshot(), *(live or ())]
    meant = waivers.load()
    if told is None:
        # Nobody can tell whether these waivers are needed.
        meant = [waiver for waiver in meant if not standing.is_rule(waiver.rule)]
        newest = f"package index {_AWAY}"
    else:
        today = datetime.now(UTC).date()
        found += standing.findings({name: told[name] for name in shipped}, today)
        against, silent = advisories.of_the_newest(told)
        known += against
        newest = (
            f"package index reached, silent about {len(silent)} pins of older versions: {', '.join(silent) or 'none'}"
        )
    complaints = [*scanners.rules_hold(), *waivers.judge(found, meant), *map(str, known), *bom.complaints()]
    print(f"bandit, semgrep and the standing of what ships: {len(found)} findings, {len(meant)} waivers")
    print(
        f"advisories: {len(known)}; live service {_AWAY if live is None else 'reached'}; {newest}; "
        f"snapshot of {advisories.snapshot_date()}"
    )
    print(f"bill of materials: {len(shipped)} packages ship")
    for complaint in complaints:
        print(complaint)
    print(f"{len(complaints)} complaints after {monotonic() - began:.0f} s")
    return 1 if complaints else 0


def _listed(pins: Sequence[str]) -> str:
    return f"{len(pins)} pins of older versions ({', '.join(pins)})" if pins else "no pin"


sys.exit(main())
