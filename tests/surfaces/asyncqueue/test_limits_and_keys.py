"""Rate limits, plans and keys as a team meets them."""

from __future__ import annotations

from world import OPERATOR_KEY, World

URL = "https://api.example.com/webhook"


def test_the_plan_s_requests_per_minute_hold_and_every_answer_says_where_they_stand() -> None:
    with World(asyncqueue_rate_limit=None) as world:
        _, key = world.team("free")
        for number in range(60):
            reply = world.request("GET", "/v1/tasks", key=key)
            assert reply.status == 200
            assert reply.headers["x-ratelimit-limit"] == "60"
            assert reply.headers["x-ratelimit-remaining"] == str(59 - number)
            assert reply.headers["ratelimit-policy"] == '"default";q=60;w=60'
            world.clock.sleep(100)
        refused = world.request("GET", "/v1/tasks", key=key)
        assert (refused.status, refused.json) == (429, {"error": "Rate limit exceeded"})
        assert refused.headers["retry-after"] == "54"
        assert refused.headers["ratelimit"] == '"default";r=0;t=54'
        world.clock.sleep(53_999)
        assert world.request("GET", "/v1/tasks", key=key).status == 429
        world.clock.sleep(1)
        assert world.request("GET", "/v1/tasks", key=key).status == 200


def test_a_refused_caller_uses_no_quota() -> None:
    with World(asyncqueue_rate_limit=2) as world:
        _, key = world.team()
        for _ in range(10):
            assert world.request("GET", "/v1/tasks", key=key + "x").status == 401
        assert [world.request("GET", "/v1/tasks", key=key).status for _ in range(4)] == [200, 200, 429, 429]


def test_each_team_has_a_window_of_its_own() -> None:
    with World(asyncqueue_rate_limit=1) as world:
        (_, mine), (_, other) = world.team(), world.team()
        assert world.request("GET", "/v1/tasks", key=mine).status == 200
        assert world.request("GET", "/v1/tasks", key=other).status == 200
        assert world.request("GET", "/v1/tasks", key=mine).status == 429


def test_a_revoked_key_fails_the_next_request_and_a_rotated_one_lives_as_long_as_was_said() -> None:
    with World() as world:
        _, key = world.team()
        second = world.request("POST", "/v1/keys", key=key, json={"name": "second"}).json
        assert world.request("GET", "/v1/keys", key=second["key"]).status == 200
        rotated = world.request("POST", f"/v1/keys/{second['id']}/rotate", key=key, json={"overlapSeconds": 60}).json
        assert rotated["name"] == "second"
        for each in (second["key"], rotated["key"]):
            assert world.request("GET", "/v1/tasks", key=each).status == 200
        world.clock.sleep(60_000)
        assert world.request("GET", "/v1/tasks", key=second["key"]).status == 401
        assert world.request("DELETE", f"/v1/keys/{rotated['id']}", key=key).json == {
            "id": rotated["id"],
            "revoked": True,
        }
        assert world.request("GET", "/v1/tasks", key=rotated["key"]).json == {"error": "Invalid or revoked API key"}
        assert [each["name"] for each in world.request("GET", "/v1/keys", key=key).json["keys"]] == ["default"]


def test_a_key_shows_when_it_was_last_used_so_that_an_old_one_can_be_revoked_at_ease() -> None:
    with World() as world:
        team, key = world.team()
        (old,) = world.request("GET", f"/operator/teams/{team}/keys", key=OPERATOR_KEY).json["keys"]
        assert "lastUsedAt" not in old

        (old,) = world.request("GET", "/v1/keys", key=key).json["keys"]
        assert old["lastUsedAt"] == "2024-01-15T10:30:00.000Z"
        successor = world.request("POST", f"/v1/keys/{old['id']}/rotate", key=key).json
        world.clock.sleep(2 * 3_600_000)
        assert world.request("GET", "/v1/tasks", key=successor["key"]).status == 200

        shown = {each["id"]: each for each in world.request("GET", "/v1/keys", key=successor["key"]).json["keys"]}
        assert shown[old["id"]]["lastUsedAt"] == "2024-01-15T10:30:00.000Z", "nobody uses it any more"
        assert shown[successor["id"]]["lastUsedAt"] == "2024-01-15T12:30:00.000Z"
        assert world.request("DELETE", f"/v1/keys/{old['id']}", key=successor["key"]).status == 200


def test_a_free_team_can_rotate_its_only_key() -> None:
    with World() as world:
        _, key = world.team("free")
        (only,) = world.request("GET", "/v1/keys", key=key).json["keys"]
        assert world.request("POST", "/v1/keys", key=key, json={"name": "x"}).json == {
            "error": "Plan limit reached: the free plan allows 1 API key"
        }
        successor = world.request("POST", f"/v1/keys/{only['id']}/rotate", key=key).json
        assert world.request("GET", "/v1/tasks", key=successor["key"]).status == 200
        assert world.request("POST", "/v1/keys", key=key, json={"name": "x"}).status == 403


def test_no_key_is_stored_or_recorded_in_the_clear() -> None:
    with World() as world:
        _, key = world.team()
        world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": URL, "headers": {"Authorization": "canary-1"}})
        world.work()
        dump = "\n".join(
            repr(row)
            for table in ("teams", "keys")
            for row in world.database.rows(f"SELECT * FROM {table}")  # noqa: S608
        )
        assert key not in dump
        recorded = repr(world.recording.events)
        assert key not in recorded
        assert "canary-1" not in recorded
        assert OPERATOR_KEY not in recorded


def test_the_request_is_shown_on_demand_with_its_secrets_masked() -> None:
    with World() as world:
        _, key = world.team()
        task = world.request(
            "POST",
            "/v1/tasks",
            key=key,
            json={
                "callbackUrl": URL,
                "headers": {
                    "Authorization": "Bearer service-token",
                    "X-Custom-Header": "value",
                    "Accept": "text/plain",
                },
                "body": "{}",
                "onCompleteUrl": "https://api.example.com/done",
            },
        ).json["task"]
        shown = world.request("GET", f"/v1/tasks/{task['id']}?include=request", key=key).json["task"]
        masks = {"Authorization": "********", "X-Custom-Header": "********"}
        assert shown["headers"] == {**masks, "Accept": "text/plain"}, "a header of one's own may be called anything"
        assert (shown["body"], shown["onCompleteUrl"]) == ("{}", "https://api.example.com/done")


def test_a_repeated_create_with_the_same_key_gets_the_first_answer() -> None:
    with World() as world:
        (_, mine), (_, other) = world.team(), world.team()
        order = {"callbackUrl": URL, "maxRetries": 2}
        repeat = {"Idempotency-Key": "order-1"}
        first = world.request("POST", "/v1/tasks", key=mine, json=order, headers=repeat)
        world.work()
        again = world.request("POST", "/v1/tasks", key=mine, json=order, headers=repeat)
        assert (again.status, again.json) == (201, first.json)
        assert again.headers["idempotent-replayed"] == "true"
        assert len(world.door.calls) == 1
        changed = world.request("POST", "/v1/tasks", key=mine, json={**order, "maxRetries": 3}, headers=repeat)
        assert (changed.status, list(changed.json)) == (422, ["error"])
        elsewhere = world.request("POST", "/v1/tasks", key=other, json=order, headers=repeat)
        assert elsewhere.json["task"]["id"] != first.json["task"]["id"]
        world.work()
        assert len(world.door.calls) == 2
        assert world.request("GET", "/v1/tasks", key=mine).json["pagination"]["total"] == 1
