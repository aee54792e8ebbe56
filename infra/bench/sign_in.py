"""`python -m infra.bench.sign_in`: what a wrong password costs, for a user who is there and for one who is not.

Tries of both kinds take turns, through the whole use case with the password's real cost, in CPU time of this process.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

import app as entry
from chalicelib.domain.access import Role
from chalicelib.domain.passwords import STANDARD, Cost
from chalicelib.embedded.access import EmbeddedAccess
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.engine.guesses import Guesses
from chalicelib.engine.users import Users
from infra.bench.scripted import Clock, Randomness
from infra.host.functions import load_config, memory_size

#: Megabytes of memory with which a function has one whole core (AWS Lambda's guide, "Configure function memory").
_MB_PER_CORE = 1_769
_TENANT, _KNOWN, _UNKNOWN = "t0123456789abcdef", "ann@example.com", "nobody@example.com"
_WINDOW_MS = 15 * 60_000
_PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Medians:
    """Seconds of CPU for a wrong password."""

    known: float
    unknown: float

    @property
    def apart(self) -> float:
        """By what part of the dearer one they differ."""
        return abs(self.known - self.unknown) / max(self.known, self.unknown)


def measured(tries: int, cost: Cost = STANDARD) -> Medians:
    """The medians of so many tries each."""
    clock = Clock()
    with Database() as database:
        blobs = EmbeddedBlobs(database)
        users = Users(EmbeddedAccess(database), blobs, Guesses(blobs, clock), clock, Randomness(), cost)
        users.create(_TENANT, _KNOWN, "a password", Role.MEMBER)

        def seconds(email: str) -> float:
            # Nobody is kept out: each guess is the first of its window.
            clock.sleep(_WINDOW_MS)
            began = process_time()
            users.sign_in(_TENANT, email, "another password", "192.0.2.1")
            return process_time() - began

        pairs = [(seconds(_KNOWN), seconds(_UNKNOWN)) for _ in range(tries)]
    return Medians(*(median(each) for each in zip(*pairs, strict=True)))


def report(tries: int) -> str:
    """The figures as lines of text."""
    found, memory_mb = measured(tries), memory_size(load_config(_PROJECT, entry.app), "api_handler")
    share = min(1.0, memory_mb / _MB_PER_CORE)
    return "\n".join(
        [
            f"A wrong password, {tries:,} tries each (median CPU)",
            f"  of a user who is there   {found.known * 1e3:6.1f} ms",
            f"  of a user who is not     {found.unknown * 1e3:6.1f} ms, {found.apart:.1%} apart (at most 10% wanted)",
            f"  on a function of {memory_mb} MB, by its share of a core: about {found.known / share * 1e3:,.0f} ms",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m infra.bench.sign_in", description=__doc__)
    parser.add_argument("--tries", type=int, default=1_000, help="of each kind (1000, some minutes)")
    print(report(parser.parse_args().tries))
