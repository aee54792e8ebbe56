"""The environment variables that the app finds on the local stack."""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.aws import ACCOUNT, REGION

STAGE = "local"

#: What holds on every local stack.
_FIXED = {
    "SLUICE_STAGE": STAGE,
    "SLUICE_ACCOUNT_ID": ACCOUNT,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    # An endpoint in the user's own AWS configuration would lead out of this process.
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PARTIAL_BATCH": "on",
}
#: What holds unless the caller says otherwise.
_DEFAULTS = {
    "OUTBOUND_ALLOW_NETWORKS": "127.0.0.0/8,::1/128",
    "ASYNCQUEUE_RATE_LIMIT": "0",
}
#: What would lead an SDK client past the AWS of this process, or the app past every AWS.
_REMOVED = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "SLUICE_DATA")


def local_environment(given: Mapping[str, str], made_up: Mapping[str, str]) -> dict[str, str]:
    """The variables of a local stack, from those `given` to the process and the secrets `made_up` for it."""
    kept = {
        name: value
        for name, value in given.items()
        if name not in _REMOVED and not name.startswith("AWS_ENDPOINT_URL_")
    }
    return {**_DEFAULTS, **made_up, **kept, **_FIXED}
