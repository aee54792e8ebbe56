"""Messages that are submitted as soon as a place is entered, so that they wait together instead of one by one.

A fixture names a story in `given`. Each has a group of its own, and its messages are on their way when its turn comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surfaces.asyncflow.scene import AsyncFlowScene
from surfaces.harness.manual import Ahead
from surfaces.harness.matching import Bindings, load
from surfaces.harness.place import Place

FOLDER = Path(__file__).parent / "fixtures"

_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Story:
    """Destinations in the order of submission with the statuses that they are settled to, in a group under the profile
    `calm`, with a processing time of one second and further changes."""

    messages: Sequence[tuple[str, str]]
    changes: Mapping[str, Any] = field(default_factory=dict)


STORIES = {
    "a completed message": Story([("slow-1", "Completed")]),
    "a failed message": Story([("always-fail", "Failed")]),
    "a message being processed": Story([("slow-900", "Processing")]),
    "a completed message and one being processed": Story([("slow-1", "Completed"), ("slow-900", "Processing")]),
    "a message to always-complete": Story([("always-complete", "Completed")], {"failureRate": 1}),
    "3 messages to fail-then-complete": Story(
        [("fail-then-complete", "Failed"), ("fail-then-complete", "Completed"), ("fail-then-complete", "Failed")]
    ),
    "an ordinary message, failure rate 1": Story([("your message destination", "Failed")], {"failureRate": 1}),
    "an ordinary message, failure rate 0": Story([("your message destination", "Completed")], {"failureRate": 0}),
    "a stuck message": Story([("stuck", "Processing")]),
}


def enter(place: Place) -> Ahead:
    """Ready a place for the fixtures: nothing happens there that they did not ask for, and what takes time begins."""
    scene = AsyncFlowScene(place, {"unique": "stage"})
    _assign(scene, "/operator/asyncflow/profile", {"profile": "calm"})
    return {
        fixture.id: _begin(place, STORIES[name])
        for fixture in load(FOLDER)
        for name in fixture.given
        if name in STORIES
    }


def _begin(place: Place, story: Story) -> Bindings:
    """Submit a story's messages. Binds `group`, and the ids and times of the messages: `first_id`, `first_at` ..."""
    scene = AsyncFlowScene(place, {"unique": uuid.uuid4().hex[:12]})
    quick = {"processingMinSeconds": 1, "processingMaxSeconds": 1, **story.changes}
    _assign(scene, "/operator/asyncflow/groups/{group}/profile", {"profile": "calm", "changes": quick})
    for ordinal, (destination, _) in zip(_ORDINALS, story.messages, strict=False):
        scene.create({"destination": destination})
        scene.bindings[f"{ordinal}_id"] = scene.bindings["tracking_id"]
        scene.bindings[f"{ordinal}_at"] = scene.bindings["submitted_at"]
    return scene.bindings


def finish(scene: AsyncFlowScene, story: Story) -> None:
    """Wait until the messages have the statuses of the story. The last one first: it is the last to get there."""
    for ordinal, (_, status) in reversed(list(zip(_ORDINALS, story.messages, strict=False))):
        scene.settle_message(scene.bindings[f"{ordinal}_id"], status)


def _assign(scene: AsyncFlowScene, path: str, profile: Mapping[str, Any]) -> None:
    operator = {"Authorization": f"Bearer {scene.place.keys['operator']}"}
    reply = scene.send({"line": f"PUT {path}", "key": None, "headers": operator, "json": profile})
    assert reply.status == 200, f"PUT {path} answered {reply.status} {reply.body!r}"
