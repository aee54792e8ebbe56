"""What a program says of itself that is told by its environment alone."""

from __future__ import annotations

import argparse


def refuse_arguments(program: str, description: str | None, environment: str) -> None:
    """Say how it is used and end, when that was asked for or an argument was given: it takes none."""
    argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=environment,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
