"""The named states a fixture may start from (`given`), each reached through the API alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from surfaces.astraflow.scene import AstraFlowScene
from surfaces.harness.manual import Preparations

PREPARATIONS = Preparations()
preparation = PREPARATIONS.named


@preparation("a task")
def task(scene: AstraFlowScene) -> None:
    """The manual's sample, pending. Binds `task_id`."""
    scene.create({})


@preparation("an active task")
def active_task(scene: AstraFlowScene) -> None:
    """The manual's sample. Binds `task_id`."""
    scene.create({})
    scene.made({"line": "PUT /api/v1/tasks/{task_id}", "json": {"status": "active"}})


@preparation("45 tasks")
def many_tasks(scene: AstraFlowScene) -> None:
    """More than two pages."""
    for number in range(45):
        scene.create({"name": f"Task {number}"})


@preparation("a webhook")
def webhook(scene: AstraFlowScene) -> None:
    """One that is told of new tasks. Binds `webhook_id`."""
    _register(scene, "https://example.com/hook", "task.created")


@preparation("another tenant's task and webhook")
def strangers(scene: AstraFlowScene) -> None:
    """Binds `their_task` and `their_webhook`; the scene is its own tenant's again."""
    scene.create({})
    _register(scene, "https://example.com/hook", "task.created")
    scene.bindings.update(their_task=scene.bindings["task_id"], their_webhook=scene.bindings["webhook_id"])
    own = AstraFlowScene(scene.place, {**scene.bindings, "unique": f"{scene.bindings['unique']}-b"})
    scene.bindings.update(own.bindings)


@preparation("a date that is five seconds ahead")
def near_date(scene: AstraFlowScene) -> None:
    """Binds `due_at`."""
    # The place's own clock: in process it runs ahead of this machine's.
    scene.create({})
    made = scene.get(f"/api/v1/tasks/{scene.bindings['task_id']}", scene.bindings["token"])["created_at"]
    due_at = datetime.fromisoformat(made).astimezone(UTC) + timedelta(seconds=5)
    scene.bindings["due_at"] = due_at.strftime("%Y-%m-%dT%H:%M:%SZ")


@preparation("a signed-in admin")
def signed_in_admin(scene: AstraFlowScene) -> None:
    """The tenant's first. Binds `admin_token` and `refresh_token`."""
    granted = _sign_in(scene, scene.bindings["admin_email"], scene.bindings["admin_password"])
    scene.bindings.update(admin_token=granted["access_token"], refresh_token=granted["refresh_token"])


@preparation("a member and a viewer")
def lesser_users(scene: AstraFlowScene) -> None:
    """Both signed in. Binds `member_token` and `viewer_token`."""
    for role in ("member", "viewer"):
        user = {"email": f"{role}@example.com", "password": "secret", "role": role}
        scene.made({"line": "POST /api/v1/users", "json": user})
        scene.bindings[f"{role}_token"] = _sign_in(scene, user["email"], user["password"])["access_token"]


@preparation("45 users")
def many_users(scene: AstraFlowScene) -> None:
    """The first admin and 44 viewers."""
    for number in range(44):
        user = {"email": f"{number}@example.com", "password": "secret", "role": "viewer"}
        scene.made({"line": "POST /api/v1/users", "json": user})


@preparation("a client that has used its limit up")
def exhausted_client(scene: AstraFlowScene) -> None:
    """A hundred requests within the minute."""
    for _ in range(100):
        scene.get("/api/v1/users", scene.bindings["token"])


def _sign_in(scene: AstraFlowScene, email: str, password: str) -> dict[str, str]:
    return scene.grant({"grant_type": "password", "username": email, "password": password})


def _register(scene: AstraFlowScene, url: str, event: str) -> None:
    made = scene.made({"line": "POST /api/v1/webhooks", "json": {"url": url, "event": event}})
    scene.bindings["webhook_id"] = made["id"]
