"""Run every check, or with `--write` only write the bill of materials anew: `python -m infra.audit`."""

from __future__ import annotations

import sys
from time import monotonic

from infra.audit import advisories, bom, scanners, waivers


def main() -> int:
    """The exit code: 1 when anything is wrong."""
    if sys.argv[1:] == ["--write"]:
        bom.FILE.write_text(bom.document(), "utf-8")
        return 0
    began = monotonic()
    found = [*scanners.bandit(), *scanners.semgrep()]
    unwaived = waivers.judge(found, waivers.load())
    live = advisories.live()
    known = [str(finding) for finding in (*advisories.snapshot(), *(live or ()))]
    complaints = [*scanners.rules_hold(), *unwaived, *known, *bom.complaints()]
    print(f"bandit and semgrep: {len(found)} findings, {len(waivers.load())} waivers")
    reached = "reached" if live is not None else "NOT REACHED, so nothing newer than the snapshot is known"
    print(f"advisories: {len(known)}; live service {reached}; snapshot of {advisories.snapshot_date()}")
    print(f"bill of materials: {len(bom.shipped())} packages ship")
    for complaint in complaints:
        print(complaint)
    print(f"{len(complaints)} complaints after {monotonic() - began:.0f} s")
    return 1 if complaints else 0


sys.exit(main())
