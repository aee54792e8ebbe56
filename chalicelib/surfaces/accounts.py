"""Fields that describe people: an email address and a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.domain import passwords
from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Problem

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+", re.ASCII)
_LONGEST_EMAIL = 254


def email(members: Mapping[str, Any], name: str = "email", *, required: bool = True) -> str | None:
    """An email address; None when it may be absent and is."""
    given = fields.text(members, name, longest=_LONGEST_EMAIL, required=required)
    if given is not None and not _EMAIL.fullmatch(given):
        raise Problem(400, f"{name} must be a valid email address", field=name)
    return given


def password(members: Mapping[str, Any], name: str = "password", *, required: bool = True) -> str | None:
    """A password that is long enough and can be stored; None when it may be absent and is."""
    given = fields.text(members, name, longest=passwords.LONGEST_BYTES, required=required, printable=False)
    if given is None:
        return None
    if len(given) < passwords.SHORTEST:
        raise Problem(400, f"{name} must be at least {passwords.SHORTEST} characters", field=name)
    if not passwords.within_limits(given):
        raise Problem(400, f"{name} must be at most {passwords.LONGEST_BYTES} bytes of UTF-8", field=name)
    return given
