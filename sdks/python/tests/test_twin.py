"""The blocking clients are the asynchronous ones without the waiting."""

from __future__ import annotations

import inspect

import pytest
import twin as tool

import astraflow_sdk
from astraflow_sdk import aio


def test_the_generated_clients_are_current() -> None:
    assert tool.stale(tool.twins()) == [], "run python tools/twin.py"


def test_a_change_of_the_source_is_noticed() -> None:
    found = tool.twins()
    path, text = next(iter(found.items()))

    assert tool.stale({**found, path: text + "\n"}) == [path]
    assert tool.stale({**found, path.with_name("more.py"): text}) == [path.with_name("more.py")]
    del found[path]
    assert tool.stale(found) == [path]


@pytest.mark.parametrize("name", ["AstraClient", "AsyncQueueClient", "AsyncFlowClient", "AsimovClient", "Page"])
def test_both_have_the_same_methods(name: str) -> None:
    blocking, awaited = getattr(astraflow_sdk, name), getattr(aio, name)

    assert _public(blocking) == _public(awaited)
    for method in _public(blocking):
        if callable(getattr(awaited, method)) and method != "with_options" and name != "Page":
            assert inspect.iscoroutinefunction(getattr(awaited, method)), method
            assert not inspect.iscoroutinefunction(getattr(blocking, method)), method


def test_every_name_that_is_offered_is_there() -> None:
    for package in (astraflow_sdk, aio):
        assert all(hasattr(package, name) for name in package.__all__)
    assert astraflow_sdk.AsyncAstraClient is aio.AstraClient


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")} - set(dir(list))
