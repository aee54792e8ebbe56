"""`python -m infra.bench`: measure, print, compare with the committed pages; `--write` renews them."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.bench import cost, document, pages, speed
from infra.bench.bill import load_prices
from infra.bench.flow import measure_flow
from infra.bench.look import measure_look
from infra.bench.paths import measure
from infra.bench.whole import measure_whole


def main() -> int:
    """0 when the pages say what was measured, or were written; 1 when they say something else."""
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the pages instead of comparing with them")
    parser.add_argument("--agree", action="store_true", help=f"agree to the figures, in {cost.AGREED.name}")
    given = parser.parse_args()
    prices, bills, look = load_prices(), measure_whole(), measure_look()
    if given.agree:
        cost.AGREED.write_text(json.dumps(cost.figures(bills, prices, look), indent=2) + "\n", "utf-8")
        print(f"Wrote {cost.AGREED}")
    written = {
        document.PAGE: document.render(measure(), measure_flow(), prices),
        cost.PAGE: cost.render(bills, prices, look),
    }
    if given.write:
        for path, page in written.items():
            path.write_text(page, "utf-8")
            print(f"Wrote {path}")
        return 0
    print(*written.values(), sep="\n\n")
    print(speed.report())
    print()
    print(pages.report())
    return _differences(written)


def _differences(written: Mapping[Path, str]) -> int:
    """Print how the committed pages differ; 1 when one does."""
    differ = 0
    for path, page in written.items():
        committed = path.read_text("utf-8") if path.exists() else ""
        if committed != page:
            differ = 1
            print(f"\n{path.name} says something else; `{document.COMMAND}` renews it:")
            sys.stdout.writelines(
                difflib.unified_diff(committed.splitlines(True), page.splitlines(True), "committed", "measured", n=0)
            )
    return differ


if __name__ == "__main__":
    sys.exit(main())
