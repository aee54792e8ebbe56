"""An operator with `sluice dead-letter` and `queue`: what the queues could not settle."""

from __future__ import annotations

from cli_terminal import Operator, eventually

from cli.exits import Exit

LATER = "2040-01-01T00:00:00Z"


def test_junk_is_kept_shown_harmlessly_and_discarded(operator: Operator) -> None:
    operator.bury('junk \u202e {"password": "hunter2"}')
    (letter,) = eventually(lambda: [each for each in operator.letters() if each["body"].startswith("junk")])
    assert (letter["reason"], letter["task"]) == ("unreadable", None)
    code, out, _ = operator.run("dead-letter", "show", letter["id"])
    assert code == 0
    assert "hunter2" not in out
    assert "\u202e" not in out
    code, out, err = operator.run("dead-letter", "redrive", letter["id"])
    assert code == Exit.API_ERROR
    assert err.splitlines() == [
        "409: This is no message of ours: it can only be discarded",
        f"Refused: {letter['id']}",
    ]
    code, _, err = operator.run("dead-letter", "discard", letter["id"])
    assert (code, "say --yes" in err) == (Exit.USAGE, True)
    done = operator.json("dead-letter", "discard", letter["id"], "--yes")
    assert done == {"discarded": [{"id": letter["id"], "discarded": True}], "refused": []}
    code, _, err = operator.run("dead-letter", "show", letter["id"])
    assert (code, err) == (Exit.NOT_FOUND, "404: Dead letter not found\n")


def test_tasks_that_were_given_up_are_redriven_together(operator: Operator) -> None:
    tasks = [operator.submit(delayUntil=LATER) for _ in range(3)]
    kept = [operator.gives_up(task) for task in tasks]
    code, out, _ = operator.run("dead-letter", "list", "--reason", "given-up")
    assert code == 0
    assert all(letter in out for letter in kept)
    code, _, err = operator.run("dead-letter", "redrive", "--all", "--reason", "given-up")
    assert (code, err[:24]) == (Exit.USAGE, "Redrive 3 dead letters? ")

    done = operator.json("dead-letter", "redrive", "--all", "--reason", "given-up", "--yes")

    assert [letter["id"] for letter in done["redriven"]] == kept
    assert {letter["action"] for letter in done["redriven"]} == {"replayed"}
    for letter, task in zip(done["redriven"], tasks, strict=True):
        new = operator.json("task", "show", letter["task"], "--wait", "15")["task"]
        assert (new["replayOf"], new["status"]) == (task, "completed")
        assert operator.json("task", "show", task)["task"]["status"] == "failed"
    assert operator.run("dead-letter", "list", "--reason", "given-up")[1] == "No dead letters.\n"


def test_letters_are_named_or_all_of_them_taken(operator: Operator) -> None:
    for arguments in ((), ("000000000000000-0123456789abcdef", "--all")):
        code, out, err = operator.run("dead-letter", "redrive", *arguments)
        assert (code, out, err) == (Exit.USAGE, "", "Name the dead letters by their ids, or take them --all.\n")
    code, _, err = operator.run("dead-letter", "list", "--reason", "odd")
    assert (code, err[:25]) == (Exit.USAGE, "--reason must be one of u")


def test_one_letter_that_is_refused_keeps_no_other_from_its_turn(operator: Operator) -> None:
    letter = operator.gives_up(operator.submit(delayUntil=LATER))
    code, out, err = operator.run("dead-letter", "redrive", "000000000000000-0123456789abcdef", letter)
    assert code == Exit.NOT_FOUND
    assert out.startswith(f"{letter}  replayed  task ")
    assert err.splitlines()[-1] == "Refused: 000000000000000-0123456789abcdef"


def test_the_queues_tell_how_full_they_are(operator: Operator) -> None:
    assert [queue["name"] for queue in operator.json("queue", "list")["queues"]] == [
        "tasks",
        "webhooks",
        "dead-letters",
    ]
    code, out, _ = operator.run("queue", "list")
    assert (code, out.splitlines()[0].split()[:2]) == (0, ["queue", "waiting"])
