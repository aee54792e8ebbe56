"""The ledger of a busy group, in milliseconds: kept in memory by the code that keeps it on AWS."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.simulator.ledger import DIGEST_BYTES, Kind, Visit
from chalicelib.domain.simulator.profiles import named
from chalicelib.embedded.blobs import EmbeddedBlobs
from chalicelib.embedded.database import Database
from chalicelib.engine.groups import Groups
from chalicelib.wiring import Platform
from infra.bench.scripted import Randomness

#: Requests of each minute, half as many again as are admitted; one out of so many brings a message.
REQUESTS, SUBMIT_EVERY = 15, 3
_MINUTES = 60


def busy_hour(here: Platform, group: str, profile: str) -> tuple[str, bytes]:
    """The ledger that a group has after an hour of asking more than it may, under a profile: its name and its bytes."""
    chance = Randomness(seed=3)
    conditions = replace(here.settings.asyncflow, profile=named(profile, here.settings.asyncflow.profile))
    with Database() as database:
        blobs = EmbeddedBlobs(database)
        groups = Groups(blobs, here.parts.reader, here.parts.clock, conditions, here.settings.retention_s)
        for number in range(_MINUTES * REQUESTS):
            visit = Visit(Kind.POLL)
            if number % SUBMIT_EVERY == 0:
                visit = Visit(Kind.SUBMIT, chance.bytes(DIGEST_BYTES), chance.bytes(DIGEST_BYTES))
            groups.admit(group, visit)
            here.parts.clock.sleep(60_000 // REQUESTS)
        (ledger,) = blobs.beginning("")
    return ledger
