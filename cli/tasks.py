"""`sluice task ...`"""

from __future__ import annotations

import time
import uuid
from typing import Any

import typer

from cli.exits import Exit, stop
from cli.table import table
from cli.target import Target, segment

app = typer.Typer(help="Tasks of every team and every API.", no_args_is_help=True)

_TASK = typer.Argument(help="The task's id, as its owner knows it.")
_WAIT = typer.Option(
    None,
    "--wait",
    metavar="SECONDS",
    min=1,
    help="Wait so long for its end; exit code 6 when it takes longer, 7 when it fails.",
)
_POLL_S = 1.0
_OVER = ("completed", "failed", "timeout", "cancelled")


@app.command("list", epilog="Example: sluice task list --team TEAM_ID --status failed --limit 20")
def list_tasks(
    context: typer.Context,
    team: str = typer.Option(..., "--team", help="Under whose name: a team's id, or what `task show` calls the team."),
    status: str = typer.Option(
        None, "--status", help="pending, delayed, processing, completed, failed, timeout or cancelled."
    ),
    limit: int = typer.Option(50, "--limit", min=1, help="How many at most."),
    everything: bool = typer.Option(False, "--all", help="All there are, from as many pages as that takes."),
) -> None:
    """List an owner's tasks, newest first."""
    target: Target = context.obj
    query = {} if status is None else {"status": status}
    answer = target.pages(f"/operator/teams/{segment(team)}/tasks", "tasks", None if everything else limit, **query)
    rows = [
        (task["id"], task["kind"], task["status"], f"{task['attempt']}/{task['maxAttempts']}", task["createdAt"])
        for task in answer["tasks"]
    ]
    more = "\nThere are more: --all, or a higher --limit." if answer["next"] else ""
    target.show(
        answer, table(("task", "kind", "status", "attempts", "created"), rows) + more if rows else "No such tasks."
    )


@app.command(epilog="Example: sluice task show TASK_ID --wait 60")
def show(context: typer.Context, task: str = _TASK, wait: int = _WAIT) -> None:
    """Inspect a task: what was asked for, how far it has come, and every attempt. Secrets are masked."""
    target: Target = context.obj
    answer = _waited(target, task, wait)
    target.show(answer, _described(answer["task"]))
    _judge(answer["task"], wait)


@app.command(epilog="Example: sluice task replay TASK_ID --wait 60")
def replay(context: typer.Context, task: str = _TASK, wait: int = _WAIT) -> None:
    """Ask for a finished task's work once more, as a new task that is due now. The finished one stays as it is."""
    target: Target = context.obj
    answer = target.ask("POST", f"/operator/tasks/{segment(task)}/replay", once_under=uuid.uuid4().hex)
    if wait is None:
        target.show(answer, f"Task {answer['task']['id']} repeats {answer['task']['replayOf']}.")
        return
    answer = _waited(target, answer["task"]["id"], wait)
    target.show(answer, _described(answer["task"]))
    _judge(answer["task"], wait)


@app.command(epilog="Example: sluice task rearm TASK_ID")
def rearm(context: typer.Context, task: str = _TASK) -> None:
    """Give an unfinished task that does not move one more wake-up call. Where it has another, this changes nothing."""
    target: Target = context.obj
    answer = target.ask("POST", f"/operator/tasks/{segment(task)}/rearm")
    target.show(
        answer, f"Task {answer['task']['id']} is called at {answer['task']['dueAt']}, or at once if that is over."
    )


def _waited(target: Target, task: str, wait: int | None) -> Any:
    """The task as soon as it is over, or as it is when the time is."""
    until = time.monotonic() + (wait or 0)
    while True:
        answer = target.ask("GET", f"/operator/tasks/{segment(task)}")
        left_s = until - time.monotonic()
        if answer["task"]["status"] in _OVER or left_s <= 0:
            return answer
        time.sleep(min(_POLL_S, left_s))


def _judge(task: dict[str, Any], wait: int | None) -> None:
    """End with the exit code of a task that was waited for."""
    if wait is None or task["status"] == "completed":
        return
    if task["status"] not in _OVER:
        raise stop(Exit.TIMED_OUT, f"Task {task['id']} is {task['status']} after {wait} s.")
    raise stop(Exit.TASK_FAILED, f"Task {task['id']} is {task['status']}.")


def _described(task: dict[str, Any]) -> str:
    facts = {
        "api": f"{task['surface']}, {task['kind']}",
        "team": task["team"],
        "repeats": task["replayOf"],
        "created": task["createdAt"],
        "due": task["dueAt"],
        "lease until": task["leaseUntil"],
        "completed": task["completedAt"],
        "kept until": task["expiresAt"],
        "error": task["error"],
        "on complete": task["onCompleteUrl"],
        "webhook": "still to be sent" if task["webhookPending"] else None,
        **{f"work {name}": value for name, value in task["work"].items()},
        **{f"header {name}": value for name, value in task["request"]["headers"].items()},
        "body": task["request"]["body"],
    }
    result = task["result"]
    if result is not None:
        facts |= {"answer": f"{result['statusCode']} in {result['duration']} ms", "answer body": result["body"]}
    told = {name: value for name, value in facts.items() if value not in (None, "")}
    width = max(len(name) for name in told)
    lines = [
        f"Task {task['id']} is {task['status']}, attempt {task['attempt']} of {task['maxAttempts']}",
        *(f"  {name:<{width}}  {value}" for name, value in told.items()),
    ]
    rows = [
        (
            attempt["number"],
            attempt["startedAt"],
            attempt["finishedAt"] or "-",
            attempt["outcome"],
            attempt["statusCode"] or "-",
            attempt["error"] or "",
        )
        for attempt in task["attempts"]
    ]
    if rows:
        lines += ["", table(("attempt", "started", "finished", "outcome", "status", "error"), rows)]
    return "\n".join(lines)
