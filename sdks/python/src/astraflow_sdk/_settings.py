"""What a client is told when it is made, by its arguments or else by the environment."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from astraflow_sdk._version import __version__
from astraflow_sdk.errors import ConfigurationError

BASE_URL = "ASTRAFLOW_BASE_URL"


@dataclass(frozen=True, slots=True)
class Settings:
    """The deployment's address without a slash at its end, the patience for one answer in seconds, how often a request
    is sent again at most, and what the client calls itself."""

    base_url: str
    timeout_s: float
    max_retries: int
    user_agent: str


def settings(base_url: str | None, timeout: float, max_retries: int, app_info: str | None) -> Settings:
    """Settings that make sense. Raises ConfigurationError."""
    if not timeout > 0:
        raise ConfigurationError("timeout must be a number of seconds above 0")
    if not isinstance(max_retries, int) or max_retries < 0:
        raise ConfigurationError("max_retries must be a whole number of 0 or more")
    return Settings(_address(base_url), float(timeout), max_retries, _user_agent(app_info))


def from_environment(value: str | None, variable: str) -> str | None:
    """What was given, else what the environment holds, else None."""
    return value if value is not None else os.environ.get(variable) or None


def required(value: str | None, name: str, variable: str) -> str:
    """What was given, or what the environment holds, fit for a header. Raises ConfigurationError."""
    found = from_environment(value, variable)
    if not found:
        raise ConfigurationError(f"{name} is missing: pass {name}=... or set {variable}")
    return fit_for_header(found, name)


def fit_for_header(value: str, name: str) -> str:
    """A text that a header can carry. The complaint does not repeat it: it may be a secret."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ConfigurationError(f"{name} must be printable ASCII without blanks or line ends around it")
    return value


def _address(base_url: str | None) -> str:
    found = from_environment(base_url, BASE_URL)
    if not found:
        raise ConfigurationError(
            f"base_url is missing: pass base_url=... or set {BASE_URL} to the address of the deployment, "
            "http://127.0.0.1:8000 for a local stack"
        )
    try:
        parts = urlsplit(found.strip())
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_one = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_one:
        raise ConfigurationError("base_url must be an address like https://sluice.example.com")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigurationError("base_url must not have a user, a query or a fragment")
    return found.strip().rstrip("/")


def _user_agent(app_info: str | None) -> str:
    python = ".".join(platform.python_version_tuple()[:2])
    own = f"astraflow-sdk-python/{__version__} (python {python}; httpx2 {httpx2.__version__})"
    return own if app_info is None else f"{own} {fit_for_header(app_info, 'app_info')}"
