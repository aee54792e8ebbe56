"""Why a deployment does not go on."""

from __future__ import annotations


class NotReadyError(Exception):
    """Something has to be put right first; the message says what, and how."""


class StackError(Exception):
    """CloudFormation did not do what it was asked for; the message says what it said."""
