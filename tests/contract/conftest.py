"""Every story of a port runs on every implementation of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_bench import VAULT_SECRET, AwsBench, Bench, EmbeddedBench, Tasks, aws

from chalicelib.embedded.database import Database
from chalicelib.embedded.seal import key_of
from chalicelib.ports.access import AccessStore
from chalicelib.ports.blobs import Blobs
from chalicelib.ports.dead_letters import DeadLetterStore
from chalicelib.ports.identity import TeamStore
from chalicelib.ports.items import ItemStore, WebhookStore
from chalicelib.vault.keyfile import DerivedKeys


@pytest.fixture(scope="module")
def aws_bench() -> Iterator[AwsBench]:
    # Per module: making the resources takes longer than all its stories; no other directory's tests must meet moto.
    with aws() as bench:
        yield bench


@pytest.fixture(params=["embedded", "embedded on disk", "aws"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "aws":
        bench: AwsBench = request.getfixturevalue("aws_bench")
        bench.clear()
        yield bench
    elif request.param == "embedded":
        with Database() as database:
            yield EmbeddedBench(database, DerivedKeys(VAULT_SECRET))
    else:
        # As a data folder is: a file, and the file of its key.
        with Database(str(tmp_path / "sluice.db")) as database:
            yield EmbeddedBench(database, key_of(database, tmp_path / "data.key"))


@pytest.fixture
def tasks(bench: Bench) -> Tasks:
    return bench.tasks


@pytest.fixture
def identity(bench: Bench) -> TeamStore:
    return bench.identity


@pytest.fixture
def access(bench: Bench) -> AccessStore:
    return bench.access


@pytest.fixture
def blobs(bench: Bench) -> Blobs:
    return bench.blobs


@pytest.fixture
def items(bench: Bench) -> ItemStore:
    return bench.items


@pytest.fixture
def webhooks(bench: Bench) -> WebhookStore:
    return bench.webhooks


@pytest.fixture
def letters(bench: Bench) -> DeadLetterStore:
    return bench.letters
