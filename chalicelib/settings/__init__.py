"""Every setting, read from the environment once. The only reader of `os.environ`.

Settings that make no sense stop the start with one sentence each that says what to change; values of secrets are never
part of them. A secret may be a reference to where it is kept (`references`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.domain.literals import ASYNCFLOW_KEY
from chalicelib.domain.passwords import STANDARD, Cost
from chalicelib.domain.ratelimit import Rate
from chalicelib.domain.simulator.fate import LONGEST_S
from chalicelib.domain.simulator.profiles import LONGEST_LATENCY_MS, realistic
from chalicelib.engine.batons import LONGEST_HORIZON_S, SHORTEST_HORIZON_S
from chalicelib.engine.groups import Conditions
from chalicelib.names import Names
from chalicelib.settings.reading import Network, Reading
from chalicelib.settings.references import NEEDS, Fetch, followed, needed, unfetched

LOCAL_STAGE = "local"
#: What a stage may be called: it is part of every resource's name.
STAGE_PATTERN = r"[a-z][a-z0-9-]{0,19}"
#: Where the local stack keeps the secrets it made, for a second process that joins it.
LOCAL_SECRETS = Path(".local") / "secrets.json"


class SettingError(Exception):
    """Settings are missing or make no sense; the message says what to change, a line for each."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment."""

    names: Names
    operator_key: str
    key_pepper: bytes
    retention_s: int
    horizon_s: int
    outbound_allow_networks: tuple[Network, ...]
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
    #: The folder in which everything is kept, on one machine; None: it is kept on AWS.
    data: Path | None

    @property
    def local(self) -> bool:
        return self.names.stage == LOCAL_STAGE


def load(environ: Mapping[str, str] = os.environ, fetch: Fetch = unfetched) -> Settings:
    """The settings in an environment, with secrets that it points to read by `fetch`, those that its function needs.
    Raises SettingError with all that is wrong, a line each."""
    local = (environ.get("SLUICE_STAGE") or LOCAL_STAGE) == LOCAL_STAGE
    problems: list[str] = []
    places = names(environ)
    endpoint_url = environ.get("AWS_ENDPOINT_URL") or None
    given = needed({**_kept(local=local), **_set(environ)})
    with_secrets = followed(given, fetch, places.region, endpoint_url, problems)
    unread = {problem.partition(" ")[0] for problem in problems}
    reading = Reading(with_secrets)
    settings = _settings(reading, places, local=local)
    reading.note_unknown()
    # A secret that could not be read is not missing besides.
    problems += [problem for problem in reading.problems if problem.partition(" ")[0] not in unread]
    if problems:
        raise SettingError("\n".join(problems))
    return settings


def known() -> frozenset[str]:
    """The names of all settings."""
    reading = Reading({})
    _settings(reading, names({}), local=False)
    return frozenset({*reading.asked, "AWS_DEFAULT_REGION"})


def _settings(reading: Reading, places: Names, *, local: bool) -> Settings:
    pepper = reading.secret("KEY_PEPPER").encode()
    reading.matching("SLUICE_STAGE", LOCAL_STAGE, STAGE_PATTERN, "a lower-case letter and at most 19 of a-z, 0-9 and -")
    if reading.text("SLUICE_FUNCTION"):
        reading.word("SLUICE_FUNCTION", tuple(NEEDS))
    reading.matching("SLUICE_ACCOUNT_ID", places.account, r"[0-9]{12}", "the 12 digits of an AWS account")
    reading.matching("AWS_REGION", places.region, r"[a-z]{2}(?:-[a-z]+)+-[0-9]", "a region like eu-central-1")
    return Settings(
        names=places,
        operator_key=reading.secret("OPERATOR_KEY"),
        key_pepper=pepper,
        retention_s=reading.integer("RETENTION_DAYS", 30, 1, 3650) * 86_400,
        horizon_s=reading.integer("QUEUE_HORIZON_SECONDS", LONGEST_HORIZON_S, SHORTEST_HORIZON_S, LONGEST_HORIZON_S),
        outbound_allow_networks=reading.networks("OUTBOUND_ALLOW_NETWORKS"),
        own_hosts=reading.hosts("OWN_HOSTS"),
        cors_allow_origins=reading.origins("CORS_ALLOW_ORIGINS"),
        asyncqueue_rate_limit=reading.optional_integer("ASYNCQUEUE_RATE_LIMIT", 0, 1_000_000),
        asyncflow_api_key=_asyncflow_api_key(reading, local=local),
        asyncflow=_asyncflow(reading, pepper),
        asimov_open=reading.word("ASIMOV_OPEN", ("on", "off") if local else ("off", "on")) == "on",
        asimov_rate_limit=reading.integer("ASIMOV_RATE_LIMIT", 600, 0, 10_000),
        astraflow_rate=Rate(reading.integer("ASTRAFLOW_RATE_LIMIT", 100, 0, 10_000)),
        astraflow_password_grant=reading.word("ASTRAFLOW_PASSWORD_GRANT", ("on", "off")) == "on",
        password_cost=STANDARD,
        partial_batch=reading.word("PARTIAL_BATCH", ("off", "on")) == "on",
        aws_endpoint_url=reading.address("AWS_ENDPOINT_URL"),
        data=reading.folder("SLUICE_DATA"),
    )


def names(environ: Mapping[str, str] = os.environ) -> Names:
    """What the resources are called: all that `app.py` needs while it is imported for packaging."""
    return Names(
        stage=environ.get("SLUICE_STAGE", LOCAL_STAGE),
        account=environ.get("SLUICE_ACCOUNT_ID", "123456789012"),
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    )


def _set(environ: Mapping[str, str]) -> dict[str, str]:
    """What is set: an empty variable is one that is not, but for networks, of which none is a choice."""
    return {name: value for name, value in environ.items() if value or name == "OUTBOUND_ALLOW_NETWORKS"}


def _kept(*, local: bool) -> Mapping[str, str]:
    """The secrets that a local stack has made up for itself."""
    if not local:
        return {}
    try:
        return dict(json.loads(LOCAL_SECRETS.read_text()))
    except FileNotFoundError:
        return {}


def _asyncflow_api_key(reading: Reading, *, local: bool) -> str | None:
    """On the local stage the manual's own key, unless another is set; elsewhere none unless one is set."""
    if local:
        return reading.secret("ASYNCFLOW_API_KEY", literal=True) or ASYNCFLOW_KEY
    if not reading.text("ASYNCFLOW_API_KEY"):
        return None
    return reading.secret("ASYNCFLOW_API_KEY")


def _asyncflow(reading: Reading, pepper: bytes) -> Conditions:
    seed = _seed(reading, pepper)
    low = reading.number("ASYNCFLOW_PROCESSING_MIN_SECONDS", 2, 0, LONGEST_S)
    high = reading.number("ASYNCFLOW_PROCESSING_MAX_SECONDS", 30, 0, LONGEST_S)
    if low > high:
        reading.problems.append("ASYNCFLOW_PROCESSING_MIN_SECONDS must not be above ASYNCFLOW_PROCESSING_MAX_SECONDS")
    window_s = reading.integer("ASYNCFLOW_RATE_WINDOW_SECONDS", 60, 1, 3_600)
    return Conditions(
        rate=Rate(reading.integer("ASYNCFLOW_RATE_LIMIT", 10, 0, 10_000), window_s * 1000),
        counts_reads=reading.word("ASYNCFLOW_RATE_COUNTS", ("all", "writes")) == "all",
        profile=realistic(
            processing_min_s=low,
            processing_max_s=high,
            failure_rate=reading.number("ASYNCFLOW_FAILURE_RATE", 0.10, 0, 1),
            fault_rate=reading.number("ASYNCFLOW_OUTAGE_RATE", 0.03, 0, 1),
            latency_max_ms=reading.integer("ASYNCFLOW_LATENCY_MAX_MS", 300, 0, LONGEST_LATENCY_MS),
        ),
        pick_up_ms=reading.integer("ASYNCFLOW_POLL_SECONDS", 5, 1, 60) * 1000,
        seed=seed,
        hidden_seed=hmac.new(pepper, f"asyncflow hidden {seed}".encode(), hashlib.sha256).hexdigest(),
    )


def _seed(reading: Reading, pepper: bytes) -> str:
    """The seed that is set; else one that all functions of a deployment have in common."""
    seed = reading.text("ASYNCFLOW_SEED")
    if not seed:
        return hmac.new(pepper, b"asyncflow seed", hashlib.sha256).hexdigest()[:12]
    if len(seed) > 64 or not (seed.isascii() and seed.isprintable()) or ";" in seed:
        reading.problems.append("ASYNCFLOW_SEED must be 1 to 64 printable ASCII characters without a semicolon")
    return seed
