"""The named states a fixture may start from (`given`), each reached through the API alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from surfaces.asyncqueue.scene import AsyncQueueScene
from surfaces.harness.manual import Preparations

#: A time that no clock has reached, so that a task stays delayed.
FAR = "2099-01-15T14:00:00.000Z"

PREPARATIONS = Preparations()
preparation = PREPARATIONS.named


@preparation("workers that are busy")
def busy_workers(scene: AsyncQueueScene) -> None:
    """Nothing is picked up while the scene lasts."""
    scene.keep_workers_busy()


@preparation("a completed task")
def completed_task(scene: AsyncQueueScene) -> None:
    """The manual's completed task: answered 200 with its JSON on the first attempt. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink('200 json {"success": true, "processedId": 123}')
    _task(scene, {"callbackUrl": "{callback}", "maxWaitTime": 60}, until="completed")


@preparation("a failed task (connection refused, 3 retries)")
def failed_task(scene: AsyncQueueScene) -> None:
    """The manual's failed task: nobody listened, four times. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("refused")
    _task(scene, {"callbackUrl": "{callback}", "maxWaitTime": 60}, until="failed", timeout_s=30)


@preparation("a task that failed at once")
def task_failed_at_once(scene: AsyncQueueScene) -> None:
    """A task without retries whose callback was refused. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("refused")
    _task(scene, {"callbackUrl": "{callback}", "maxRetries": 0}, until="failed")


@preparation("a timed out task")
def timed_out_task(scene: AsyncQueueScene) -> None:
    """A task whose callback took longer than its `maxWaitTime` of 2 seconds. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("slow 4")
    _task(scene, {"callbackUrl": "{callback}", "maxWaitTime": 2}, until="timeout")


@preparation("a task being processed")
def task_being_processed(scene: AsyncQueueScene) -> None:
    """A task whose callback is being waited for, for two seconds. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("slow 2")
    _task(scene, {"callbackUrl": "{callback}"}, until="processing")


@preparation("a task waiting to be retried")
def task_waiting_to_be_retried(scene: AsyncQueueScene) -> None:
    """A pending task that has failed at least once. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("500")
    _task(scene, {"callbackUrl": "{callback}", "maxRetries": 10}, until="retrying")


@preparation("15 tasks waiting to be retried")
def tasks_waiting_to_be_retried(scene: AsyncQueueScene) -> None:
    """Fifteen pending tasks, in back-off: the only pending that lasts where a worker is running. Binds `callback`."""
    scene.bindings["callback"] = scene.place.sink("500")
    tasks = [scene.task({"callbackUrl": "{callback}", "maxRetries": 10}) for _ in range(15)]
    for task in tasks:
        scene.settle_task(task["id"], "retrying")


@preparation("a delayed task")
def delayed_task(scene: AsyncQueueScene) -> None:
    """A task for the year 2099. Binds `task_id`, `callback`."""
    scene.bindings["callback"] = scene.place.sink("200")
    _task(scene, {"callbackUrl": "{callback}", "delayUntil": FAR})


@preparation("a cancelled task")
def cancelled_task(scene: AsyncQueueScene) -> None:
    """A task cancelled while it was delayed. Binds `task_id`, `callback`."""
    delayed_task(scene)
    reply = scene.send({"line": "POST /v1/tasks/{task_id}/cancel"})
    assert reply.status == 200, f"cancel answered {reply.status} {reply.body!r}"


@preparation("a task of another team")
def task_of_another_team(scene: AsyncQueueScene) -> None:
    """A delayed task that belongs to the other team. Binds `task_id`."""
    scene.bindings["task_id"] = _delayed_of_the_other_team(scene)


@preparation("3 delayed tasks of the other team, its only ones")
def three_delayed_tasks(scene: AsyncQueueScene) -> None:
    """In order of creation they are bound as `first`, `second` and `third`."""
    _clear_the_other_team(scene)
    for name in ("first", "second", "third"):
        scene.bindings[name] = _delayed_of_the_other_team(scene)


@preparation("15 delayed tasks of the other team, its only ones")
def fifteen_delayed_tasks(scene: AsyncQueueScene) -> None:
    """Delayed tasks stay as they are, so that their number is known exactly."""
    _clear_the_other_team(scene)
    for _ in range(15):
        _delayed_of_the_other_team(scene)


@preparation("the time in 24 hours")
def time_in_24_hours(scene: AsyncQueueScene) -> None:
    """Binds `in_24_hours`, counted on the place's clock."""
    scene.bindings["in_24_hours"] = _time_from_now(scene, timedelta(hours=24))


@preparation("the time in 2 seconds")
def time_in_2_seconds(scene: AsyncQueueScene) -> None:
    """Binds `in_2_seconds`, counted on the place's clock."""
    scene.bindings["in_2_seconds"] = _time_from_now(scene, timedelta(seconds=2))


@preparation("a free team with 2 members")
def free_team_with_two_members(scene: AsyncQueueScene) -> None:
    """Add what is missing to two; a team that has them already stays as it is."""
    key = scene.place.keys["free"]
    present = len(scene.get("/v1/members", key)["members"])
    for number in range(present, 2):
        email = f"member{number}-{scene.bindings['unique']}@example.com"
        reply = scene.send({"line": "POST /v1/members", "key": key, "json": {"email": email}})
        assert reply.status == 201, f"member {number + 1} of 2 answered {reply.status} {reply.body!r}"


def _task(scene: AsyncQueueScene, fields: dict[str, object], until: str | None = None, timeout_s: float = 20) -> None:
    scene.create(fields)
    if until:
        scene.settle(until, timeout_s)


def _delayed_of_the_other_team(scene: AsyncQueueScene) -> str:
    fields = {"callbackUrl": "https://api.example.com/webhook", "delayUntil": FAR}
    return str(scene.task(fields, key=scene.place.keys["other"])["id"])


def _clear_the_other_team(scene: AsyncQueueScene) -> None:
    """Cancel what an interrupted run may have left, so that a count starts at none."""
    key = scene.place.keys["other"]
    for task in scene.get("/v1/tasks?status=delayed&limit=100", key)["tasks"]:
        scene.send({"line": f"POST /v1/tasks/{task['id']}/cancel", "key": key})


def _time_from_now(scene: AsyncQueueScene, later: timedelta) -> str:
    """A time on the place's clock, which is read off a task made for that."""
    created_at = scene.task({"callbackUrl": "https://api.example.com/webhook", "delayUntil": FAR})["createdAt"]
    due = datetime.fromisoformat(created_at).astimezone(UTC) + later
    return due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
