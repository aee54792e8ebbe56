"""`python -m infra.bench`: measure, print, compare with the committed page; `--write` renews the page."""

from __future__ import annotations

import argparse
import difflib
import sys

from infra.bench import pages, speed
from infra.bench.bill import load_prices
from infra.bench.document import COMMAND, PAGE, render
from infra.bench.flow import measure_flow
from infra.bench.paths import measure


def main() -> int:
    """0 when the page says what was measured, or was written; 1 when it says something else."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} instead of comparing with it")
    write = parser.parse_args().write
    page = render(measure(), measure_flow(), load_prices())
    if write:
        PAGE.write_text(page, encoding="utf-8")
        print(f"Wrote {PAGE}")
        return 0
    print(page)
    print(speed.report())
    print()
    print(pages.report())
    committed = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if committed == page:
        return 0
    print(f"\n{PAGE.name} says something else; `{COMMAND}` renews it:")
    sys.stdout.writelines(
        difflib.unified_diff(committed.splitlines(True), page.splitlines(True), "committed", "measured", n=0)
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
