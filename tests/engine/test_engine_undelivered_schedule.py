"""A schedule that cannot deliver leaves its message in the dead-letter queue, wrapped in the call it had made."""

from __future__ import annotations

import json

from world import World


def test_a_task_whose_schedule_could_not_deliver_still_runs() -> None:
    with World() as world:
        _, key = world.team()
        order = {"callbackUrl": "https://api.example.com/webhook", "delayUntil": "2024-03-01"}
        task = world.request("POST", "/v1/tasks", key=key, json=order).json["task"]
        (schedule,) = world.schedules.due(10**13)
        world.schedules.delete(schedule.name)
        world.clock.move_to(schedule.fire_at_s * 1000)
        wrapped = json.dumps({"MessageBody": schedule.body, "QueueUrl": "https://sqs.example/tasks"})
        world.dead_letters.send(wrapped, delay_s=0, group="scheduler")
        world.work()
        assert world.request("GET", f"/v1/tasks/{task['id']}", key=key).json["task"]["status"] == "completed"
        assert [event["action"] for event in world.recording.named("dead letter")] == ["re-armed"]


def test_a_letter_that_nobody_can_read_is_dropped_and_counted() -> None:
    with World() as world:
        for body in ("nonsense", '{"MessageBody": "nonsense"}', '{"MessageBody": 1}', "[" * 5_000, "{}"):
            world.dead_letters.send(body, delay_s=0, group="x")
        world.work()
        assert [event["reason"] for event in world.recording.named("dead letter")] == ["unreadable"] * 5
        assert world.dead_letters.next_visible_at() is None
