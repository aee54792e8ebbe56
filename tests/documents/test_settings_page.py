"""Every setting is in the documentation."""

from __future__ import annotations

import re

from chalicelib.settings import known
from documents.fences import ROOT


def test_every_setting_is_in_the_documentation() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    assert documented == {*known(), "PORT", "AWS_PORT"}
