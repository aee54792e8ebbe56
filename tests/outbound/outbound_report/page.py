"""The report as a page: what is the same everywhere, and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from outbound_report import lists
from outbound_report.lists import Row
from outbound_report.mutants import ROOT, mutants

FILE = ROOT / "docs" / "outbound-report.md"
#: What stands behind it differs from machine to machine.
MEASURED = "\n<!-- measured -->\n"

_HEAD = """# The outbound door, tried

Written by `make outbound-report`. [`SECURITY.md`](../SECURITY.md) says what the door is for and
[how it works](how-it-works.md) what it does; this page says how it fares.

"""


def fixed() -> str:
    """What is the same on every machine: both lists, and the rules that are taken out one by one."""
    refusals, own, look_alikes = lists.core_refusals(), lists.own_refusals(), lists.own_allowances()
    core = lists.core_allowances()
    parts = [
        _HEAD,
        "## The shared vectors\n\n",
        f"{_sum(refusals)} core refusals, {_wrong(refusals)} misses; {core.count} core allowances, {core.wrong} false "
        "refusals. What the text decides is tried over http and https.\n\n",
        _table(("core refusals", "vectors", "misses"), ((row.name, row.count, row.wrong) for row in refusals)),
        "\nThe policy tier, line by line:\n\n",
        _table(("vector", "what it is", "default policy"), lists.policy()),
        "\n## The second list\n\n",
        "Written from the registries of IANA, the RFCs and the ways in which parsers differ, in the same classes:\n"
        f"{_sum(own)} refusals, {_wrong(own)} misses; {_sum(look_alikes)} look-alikes, {_wrong(look_alikes)} false "
        "refusals. Properties of any address and any text stand beside it\n"
        "(`tests/outbound/test_outbound_attacks.py`), and every field of every API that takes an address is tried with "
        "both\nlists (`tests/surfaces/test_addresses.py`).\n\n",
        _table(("refusals", "URLs", "misses"), ((row.name, row.count, row.wrong) for row in own)),
        "\n",
        _table(("look-alikes", "URLs", "false refusals"), ((row.name, row.count, row.wrong) for row in look_alikes)),
        "\n## The rules\n\n",
        f"{len(mutants())} rules are taken out one by one; a test has to fail for each:\n\n",
        "".join(f"- {mutant.rule}\n" for mutant in mutants()),
    ]
    return "".join(parts)


def measured(
    hostile: Sequence[tuple[str, str, float, int]],
    resident_mib: float,
    survivors: Sequence[str],
    compared: dict[str, dict[str, tuple[int, int]]],
) -> str:
    """What differs from machine to machine."""
    slowest_s, largest = max(row[2] for row in hostile), max(row[3] for row in hostile)
    names = list(next(iter(compared.values())))
    parts = [
        "\n## Mutations\n\n",
        f"Killed {len(mutants()) - len(survivors)} of {len(mutants())}.",
        "".join(f" Survived: {rule}." for rule in survivors) + "\n",
        "\n## Hostile servers\n\n",
        f"{len(hostile)} servers, each with an attempt of at most 2 s, which has to end within 3 s and 20 MiB. The "
        f"slowest took {slowest_s:.2f} s, the largest {largest / 2**20:.1f} MiB, most of it the request's own body.\n"
        f"The process, with all servers in it, never held more than {resident_mib:.0f} MiB.\n\n",
        _table(
            ("kind", "server", "seconds", "KiB at most"),
            ((kind, name, f"{took_s:.2f}", peak // 1024) for kind, name, took_s, peak in hostile),
        ),
        "\n## Other clients\n\n",
        "The same URLs given to other clients, with names looked up in a script and connections written down. For\n"
        "what is to be refused a connection is a miss; for what is allowed, none is a false refusal.\n\n",
        _table(
            ("client", *(f"{name}: {'misses' if name.startswith('refuse') else 'false refusals'}" for name in names)),
            ((client, *(_share(name, *result[name]) for name in names)) for client, result in compared.items()),
        ),
    ]
    return "".join(parts)


def _share(name: str, connected: int, count: int) -> str:
    return f"{connected if name.startswith('refuse') else count - connected} of {count}"


def _sum(rows: Sequence[Row]) -> int:
    return sum(row.count for row in rows)


def _wrong(rows: Sequence[Row]) -> int:
    return sum(row.wrong for row in rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)
