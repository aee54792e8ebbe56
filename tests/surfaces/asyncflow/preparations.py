"""The named states a fixture may start from (`given`), each reached through the API alone."""

from __future__ import annotations

from surfaces.asyncflow.ahead import STORIES, Story, finish
from surfaces.asyncflow.scene import AsyncFlowScene
from surfaces.harness.manual import Preparation, Preparations

PREPARATIONS = Preparations()
preparation = PREPARATIONS.named


@preparation("workers that are busy")
def busy_workers(scene: AsyncFlowScene) -> None:
    """Nothing is picked up while the scene lasts."""
    scene.keep_workers_busy()


@preparation("a group that has used its limit up")
def exhausted_group(scene: AsyncFlowScene) -> None:
    """Ten requests within the minute."""
    for _ in range(10):
        scene.get("/asyncflow")


def _finished(story: Story) -> Preparation:
    """The story was begun when the place was entered."""
    return lambda scene: finish(scene, story)


PREPARATIONS.update({name: _finished(story) for name, story in STORIES.items()})
