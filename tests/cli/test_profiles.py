"""Which deployment a command is for: what was said first counts, and no key goes to a deployment that it is not for."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_terminal import Operator
from typer.testing import CliRunner

from cli import profiles
from cli.__main__ import app
from cli.exits import Exit
from cli.place import Wish, resolve
from cli.profiles import Profile, Profiles

PROD = Profile("https://prod.example/live", "key-of-prod-000000")
TEST = Profile("https://test.example/live", None)


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def kept(nothing_of_ours: Path) -> Path:
    profiles.write(nothing_of_ours, Profiles({"prod": PROD, "test": TEST}, "prod"))
    return nothing_of_ours


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.json"
    path.write_text(json.dumps({"base_url": "http://127.0.0.1:8000", "operator": {"key": "local-key"}}))
    return path


@pytest.mark.parametrize(
    ("wish", "environ", "expected"),
    [
        ({}, {}, (PROD.url, PROD.operator_key)),
        ({}, {"SLUICE_PROFILE": "test", "OPERATOR_KEY": "k"}, (TEST.url, "k")),
        ({"profile": "prod"}, {"SLUICE_PROFILE": "test"}, (PROD.url, PROD.operator_key)),
        (
            {"profile": "prod"},
            {"SLUICE_URL": "https://env.example", "OPERATOR_KEY": "k"},
            (PROD.url, PROD.operator_key),
        ),
        ({}, {"SLUICE_URL": "https://env.example/", "OPERATOR_KEY": "k"}, ("https://env.example", "k")),
        ({}, {"OPERATOR_KEY": "k"}, (PROD.url, "k")),
        ({"url": "https://flag.example", "operator_key": "f"}, {"OPERATOR_KEY": "k"}, ("https://flag.example", "f")),
        ({"profile": "prod", "operator_key": "f"}, {}, (PROD.url, "f")),
    ],
)
def test_what_was_said_first_counts(
    kept: Path, stack: Path, wish: dict[str, str], environ: dict[str, str], expected: tuple[str, str]
) -> None:
    place = resolve(Wish(**wish), {"SLUICE_CONFIG": str(kept), **environ}, stack)
    assert (place.url, place.key) == expected


@pytest.mark.parametrize(
    ("wish", "environ"),
    [
        ({"url": "https://flag.example"}, {}),
        ({"url": "https://flag.example"}, {"OPERATOR_KEY": "k"}),
        ({"profile": "test"}, {"OPERATOR_KEY": "k"}),
        ({}, {"SLUICE_URL": "https://env.example"}),
    ],
)
def test_no_key_is_sent_to_an_address_that_was_said_before_it(
    kept: Path, stack: Path, wish: dict[str, str], environ: dict[str, str]
) -> None:
    with pytest.raises(typer.Exit) as stopped:
        resolve(Wish(**wish), {"SLUICE_CONFIG": str(kept), **environ}, stack)
    assert stopped.value.exit_code == Exit.AUTH


def test_without_anything_said_the_local_stack_is_meant(tmp_path: Path, stack: Path) -> None:
    environ = {"SLUICE_CONFIG": str(tmp_path / "none.toml")}
    place = resolve(Wish(), environ, stack)
    assert (place.url, place.key, place.said_by) == ("http://127.0.0.1:8000", "local-key", "the local stack")
    with pytest.raises(typer.Exit) as stopped:
        resolve(Wish(), environ, tmp_path / "no-stack.json")
    assert stopped.value.exit_code == Exit.USAGE


def test_profiles_are_added_used_and_removed(nothing_of_ours: Path) -> None:
    assert run("profile", "list")[1].startswith("No profiles yet;")
    code, out, _ = run("profile", "add", "prod", "--url", "https://prod.example/live/", "--operator-key", "k" * 16)
    assert (code, out) == (0, "Profile prod: https://prod.example/live (the default)\n")
    run("profile", "add", "test", "--url", "https://test.example")
    run("profile", "use", "test")
    assert stat.S_IMODE(nothing_of_ours.stat().st_mode) == 0o600
    code, out, _ = run("profile", "list", "--json")
    listed: Any = json.loads(out)
    assert [(each["name"], each["hasKey"], each["default"]) for each in listed["profiles"]] == [
        ("prod", True, False),
        ("test", False, True),
    ]
    assert "k" * 16 not in out
    assert run("profile", "remove", "test")[0] == Exit.USAGE
    assert run("profile", "remove", "test", "--yes")[0] == 0
    assert profiles.read(nothing_of_ours) == Profiles({"prod": Profile("https://prod.example/live", "k" * 16)}, None)


@pytest.mark.parametrize(
    "texts", [("plain",), ('with "quotes" and \\', "tab\t"), ("Größe \U0001f419", "line\nbreak"), ("]]", "a = 1\x7f")]
)
def test_whatever_a_key_holds_reads_back(nothing_of_ours: Path, texts: tuple[str, ...]) -> None:
    kept = Profiles(
        {f"p{number}": Profile(f"https://x.example/{text}", text) for number, text in enumerate(texts)}, "p0"
    )
    profiles.write(nothing_of_ours, kept)
    assert profiles.read(nothing_of_ours) == kept


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("[profiles.a]\nurl = 'https://a.example'\n", 0o644, "others may read it: chmod 600"),
        ("not toml", 0o600, "is no list of profiles"),
        ("[profiles.a]\n", 0o600, "is no list of profiles"),
        ("[profiles.a]\nurl = 1\n", 0o600, "is no list of profiles"),
    ],
)
def test_a_file_that_is_wrong_ends_every_command(nothing_of_ours: Path, text: str, mode: int, complaint: str) -> None:
    nothing_of_ours.parent.mkdir()
    nothing_of_ours.write_text(text)
    nothing_of_ours.chmod(mode)
    code, out, err = run("team", "list")
    assert (code, out) == (Exit.USAGE, "")
    assert complaint in err


def test_a_profile_that_is_not_there_is_answered_with_those_that_are(kept: Path) -> None:
    code, out, err = run("team", "list", "--profile", "prodd")
    assert (code, out, err) == (Exit.USAGE, "", "There is no profile 'prodd'. There are: prod, test\n")


def test_a_deployment_is_asked_by_its_profile(operator: Operator, nothing_of_ours: Path) -> None:
    run("profile", "add", "here", "--url", operator.url, "--operator-key", operator.key)
    code, out, err = run("team", "list", "--profile=here", "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)["teams"]) >= 2
