"""Secrets that the environment only points to, so that nobody who may read it knows them, and who needs which.

`ssm:/sluice/prod/KEY_PEPPER` is a parameter of the SSM Parameter Store, with `:3` behind it in its third version;
`secretsmanager:sluice/prod` is a secret of Secrets Manager by its name or ARN, with `#KEY_PEPPER` behind it that member
of its JSON.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

#: The settings that may be references.
SECRETS = ("OPERATOR_KEY", "KEY_PEPPER", "ASYNCFLOW_API_KEY", "ASYNCFLOW_SEED")
#: Those of them that nothing runs without.
REQUIRED = ("OPERATOR_KEY", "KEY_PEPPER")
#: Function, as `.chalice/config.json` calls it -> the secrets that it needs. What is none of these needs all.
NEEDS: Mapping[str, Collection[str]] = {
    "api_handler": SECRETS,
    "attempt": ("KEY_PEPPER",),
    "webhook": ("KEY_PEPPER",),
    "rescue": (),
    "backstop": (),
}
PARAMETER, SECRET = "ssm:", "secretsmanager:"


@dataclass(frozen=True, slots=True)
class Missing:
    """Why what a reference points to could not be read."""

    reason: str


#: Reads what references point to, once: for a region, with another endpoint than AWS's own or None.
Fetch = Callable[[str, str | None, Sequence[str]], Mapping[str, str | Missing]]


def is_reference(value: str) -> bool:
    """Whether a value points to a secret instead of being one."""
    return value.startswith((PARAMETER, SECRET))


def needed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as the function that `SLUICE_FUNCTION` names needs it. What it has no need of is not looked at,
    and where something has to be, it is a value that nobody knows: nothing opens with it."""
    needs = NEEDS.get(environ.get("SLUICE_FUNCTION", ""), SECRETS)
    unknown = {name: secrets.token_urlsafe(32) for name in REQUIRED if name not in needs}
    return {name: value for name, value in environ.items() if name in needs or name not in SECRETS} | unknown


def followed(
    environ: Mapping[str, str], fetch: Fetch, region: str, endpoint_url: str | None, problems: list[str]
) -> dict[str, str]:
    """The environment with secrets in place of references. What cannot be read is noted, and is empty."""
    pointing = {name: environ[name] for name in SECRETS if is_reference(environ.get(name, ""))}
    if not pointing:
        return dict(environ)
    found = fetch(region, endpoint_url, sorted(set(pointing.values())))
    read: dict[str, str] = {}
    for name, reference in pointing.items():
        value = found[reference]
        if isinstance(value, Missing):
            problems.append(f"{name} points to {reference}, which could not be read: {value.reason}")
        read[name] = "" if isinstance(value, Missing) else value
    return {**environ, **read}


def unfetched(region: str, endpoint_url: str | None, references: Sequence[str]) -> dict[str, str | Missing]:  # noqa: ARG001
    """A `Fetch` for where there is no AWS to ask."""
    return {reference: Missing("only a running deployment follows it") for reference in references}
