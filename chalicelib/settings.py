"""Every setting, read from the environment once. The only reader of `os.environ`.

A setting that makes no sense stops the start with a sentence that says what to change; values of secrets are never
part of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from chalicelib.domain.literals import ASYNCFLOW_KEY, LITERALS
from chalicelib.domain.passwords import STANDARD, Cost
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.fate import LONGEST_S
from chalicelib.domain.simulator.profiles import LONGEST_LATENCY_MS, realistic
from chalicelib.engine.batons import LONGEST_HORIZON_S, SHORTEST_HORIZON_S
from chalicelib.engine.groups import Conditions
from chalicelib.names import Names

LOCAL_STAGE = "local"
#: Where the local stack keeps the secrets it made, for a second process that joins it.
LOCAL_SECRETS = Path(".local") / "secrets.json"


class SettingError(Exception):
    """A setting is missing or makes no sense; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment."""

    names: Names
    operator_key: str
    key_pepper: bytes
    retention_s: int
    horizon_s: int
    outbound_allow_networks: tuple[IPv4Network | IPv6Network, ...]
    #: Names under which this deployment answers, which it does not call.
    own_hosts: tuple[str, ...]
    cors_allow_origins: tuple[str, ...]
    #: Requests per minute and team in place of the plan's; 0 lifts the limit, None leaves it to the plan.
    asyncqueue_rate_limit: int | None
    #: The key of AsyncFlow; None: nobody may call it.
    asyncflow_api_key: str | None
    asyncflow: Conditions
    #: Whether Asimov lets callers in without a key, and how many of their requests a minute; 0 lifts the limit.
    asimov_open: bool
    asimov_rate_limit: int
    #: Requests per minute and OAuth client of AstraFlow; 0 lifts the limit.
    astraflow_rate: Rate
    #: Whether AstraFlow's users may sign in with their password at the token endpoint.
    astraflow_password_grant: bool
    #: What is spent on hashing a password.
    password_cost: Cost
    #: Whether the queues' mappings report which messages of a batch failed.
    partial_batch: bool
    aws_endpoint_url: str | None

    @property
    def local(self) -> bool:
        return self.names.stage == LOCAL_STAGE


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in an environment. Raises SettingError."""
    local = environ.get("SLUICE_STAGE", LOCAL_STAGE) == LOCAL_STAGE
    secrets = _local_secrets() if local else {}
    pepper = _secret(environ, secrets, "KEY_PEPPER").encode()
    return Settings(
        names=names(environ),
        operator_key=_secret(environ, secrets, "OPERATOR_KEY"),
        key_pepper=pepper,
        retention_s=_integer(environ, "RETENTION_DAYS", 30, 1, 3650) * 86_400,
        horizon_s=_integer(environ, "QUEUE_HORIZON_SECONDS", LONGEST_HORIZON_S, SHORTEST_HORIZON_S, LONGEST_HORIZON_S),
        outbound_allow_networks=_networks(environ, "OUTBOUND_ALLOW_NETWORKS"),
        own_hosts=_words(environ, "OWN_HOSTS"),
        cors_allow_origins=_words(environ, "CORS_ALLOW_ORIGINS"),
        asyncqueue_rate_limit=_optional_integer(environ, "ASYNCQUEUE_RATE_LIMIT", 0, 1_000_000),
        asyncflow_api_key=_asyncflow_api_key(environ, local=local),
        asyncflow=_asyncflow(environ, secrets, pepper),
        asimov_open=_word(environ, "ASIMOV_OPEN", ("on", "off") if local else ("off", "on")) == "on",
        asimov_rate_limit=_integer(environ, "ASIMOV_RATE_LIMIT", 600, 0, 10_000),
        astraflow_rate=Rate(_integer(environ, "ASTRAFLOW_RATE_LIMIT", 100, 0, 10_000)),
        astraflow_password_grant=_word(environ, "ASTRAFLOW_PASSWORD_GRANT", ("on", "off")) == "on",
        password_cost=STANDARD,
        partial_batch=environ.get("PARTIAL_BATCH", "") == "on",
        aws_endpoint_url=environ.get("AWS_ENDPOINT_URL") or None,
    )


def names(environ: Mapping[str, str] = os.environ) -> Names:
    """What the resources are called: all that `app.py` needs while it is imported for packaging."""
    return Names(
        stage=environ.get("SLUICE_STAGE", LOCAL_STAGE),
        account=environ.get("SLUICE_ACCOUNT_ID", "123456789012"),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    )


def _local_secrets() -> Mapping[str, str]:
    try:
        return dict(json.loads(LOCAL_SECRETS.read_text()))
    except FileNotFoundError:
        return {}


def _secret(environ: Mapping[str, str], fallback: Mapping[str, str], name: str) -> str:
    value = environ.get(name) or fallback.get(name, "")
    if len(value) < 16:
        raise SettingError(f"{name} must be set to at least 16 characters; `openssl rand -hex 32` makes a good one")
    if value in LITERALS:
        raise SettingError(f"{name} must not be a key that the manuals print; `openssl rand -hex 32` makes a good one")
    return value


def _asyncflow_api_key(environ: Mapping[str, str], *, local: bool) -> str | None:
    """On the local stage the manual's own key, unless another is set; elsewhere none unless one is set."""
    if local:
        return environ.get("ASYNCFLOW_API_KEY") or ASYNCFLOW_KEY
    if not environ.get("ASYNCFLOW_API_KEY"):
        return None
    return _secret(environ, {}, "ASYNCFLOW_API_KEY")


def _asyncflow(environ: Mapping[str, str], secrets: Mapping[str, str], pepper: bytes) -> Conditions:
    seed = _seed(environ, secrets, pepper)
    low = _number(environ, "ASYNCFLOW_PROCESSING_MIN_SECONDS", 2, 0, LONGEST_S)
    high = _number(environ, "ASYNCFLOW_PROCESSING_MAX_SECONDS", 30, 0, LONGEST_S)
    if low > high:
        raise SettingError("ASYNCFLOW_PROCESSING_MIN_SECONDS must not be above ASYNCFLOW_PROCESSING_MAX_SECONDS")
    window_s = _integer(environ, "ASYNCFLOW_RATE_WINDOW_SECONDS", 60, 1, 3_600)
    return Conditions(
        rate=Rate(_integer(environ, "ASYNCFLOW_RATE_LIMIT", 10, 0, 10_000), window_s * 1000),
        counts_reads=_word(environ, "ASYNCFLOW_RATE_COUNTS", ("all", "writes")) == "all",
        profile=realistic(
            processing_min_s=low,
            processing_max_s=high,
            failure_rate=_number(environ, "ASYNCFLOW_FAILURE_RATE", 0.10, 0, 1),
            fault_rate=_number(environ, "ASYNCFLOW_OUTAGE_RATE", 0.03, 0, 1),
            latency_max_ms=_integer(environ, "ASYNCFLOW_LATENCY_MAX_MS", 300, 0, LONGEST_LATENCY_MS),
        ),
        pick_up_ms=_integer(environ, "ASYNCFLOW_POLL_SECONDS", 5, 1, 60) * 1000,
        seed=seed,
        hidden_seed=hmac.new(pepper, f"asyncflow hidden {seed}".encode(), hashlib.sha256).hexdigest(),
    )


def _seed(environ: Mapping[str, str], secrets: Mapping[str, str], pepper: bytes) -> str:
    """The seed that is set; else one that all functions of a deployment have in common."""
    seed = environ.get("ASYNCFLOW_SEED") or secrets.get("ASYNCFLOW_SEED", "")
    if not seed:
        return hmac.new(pepper, b"asyncflow seed", hashlib.sha256).hexdigest()[:12]
    if len(seed) > 64 or not (seed.isascii() and seed.isprintable()) or ";" in seed:
        raise SettingError("ASYNCFLOW_SEED must be 1 to 64 printable ASCII characters without a semicolon")
    return seed


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = _optional_integer(environ, name, low, high)
    return default if value is None else value


def _optional_integer(environ: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingError(f"{name} must be a whole number between {low} and {high}, not {text!r}")
    return int(text)


def _number(environ: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise SettingError(f"{name} must be a number between {low:g} and {high:g}, not {text!r}")
    return value


def _word(environ: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words; the first when none is set."""
    word = environ.get(name, "").strip() or allowed[0]
    if word not in allowed:
        raise SettingError(f"{name} must be one of {', '.join(allowed)}, not {word!r}")
    return word


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in environ.get(name, "").split(",") if word.strip())


def _networks(environ: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in _words(environ, name))
    except ValueError as error:
        raise SettingError(f"{name} must be networks like 10.0.0.0/8, separated by commas: {error}") from None
