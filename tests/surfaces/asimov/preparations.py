"""The named states a fixture may start from (`given`), each reached through the API alone."""

from __future__ import annotations

from surfaces.asimov.scene import AsimovScene
from surfaces.harness.manual import Preparations

#: A count that takes long enough to be looked at while it is made.
LONG = 250_000_000

PREPARATIONS = Preparations()
preparation = PREPARATIONS.named


@preparation("workers that are busy")
def busy_workers(scene: AsimovScene) -> None:
    """Nothing is picked up while the scene lasts."""
    scene.keep_workers_busy()


@preparation("a completed task")
def completed_task(scene: AsimovScene) -> None:
    """The manual's greeting, answered. Binds `task_id`, `created_at`."""
    scene.create({"message": "Hello, Asimov"})
    scene.settle("COMPLETED")


@preparation("a task being carried out")
def task_being_carried_out(scene: AsimovScene) -> None:
    """A count of primes that takes a second or two. Binds `task_id`, `created_at`."""
    scene.start("primes", {"below": LONG})
    scene.settle("RUNNING")
