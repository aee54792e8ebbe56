"""The messages in the queues: wake-up calls that name a task. No user data is in them; the row is the truth.

Every message carries a version. A reader that does not know it hands the message back, so that old code never drops
what newer code has sent.
"""

from __future__ import annotations

import msgspec

VERSION = 1


class Attempt(msgspec.Struct, frozen=True, tag="attempt", tag_field="type", omit_defaults=True):
    """Wake-up call for attempt `n` of a task, made for the due time `due` (epoch milliseconds).

    `rearmed`: sent by the reader of the dead-letter queue; if it ends there too, the task is given up.
    """

    task: str
    n: int
    due: int
    rearmed: bool = False
    v: int = VERSION


class Outcome(msgspec.Struct, frozen=True, tag="outcome", tag_field="type", omit_defaults=True):
    """What attempt `n`, made under the claim `token`, came to, sent when the row could not be written in time.

    It stands in for the attempt's own message. The answer's body and headers are not carried: they are user data.
    """

    task: str
    n: int
    due: int
    token: str
    ended: int
    waited: int
    verdict: str
    status: int | None = None
    error: str | None = None
    after: int = 0
    v: int = VERSION


class Webhook(msgspec.Struct, frozen=True, tag="webhook", tag_field="type", omit_defaults=True):
    """Wake-up call for the completion webhook of a task."""

    task: str
    rearmed: bool = False
    v: int = VERSION


Message = Attempt | Outcome | Webhook


class UnknownVersionError(Exception):
    """The message was written by newer code."""


class UnreadableError(Exception):
    """The text is no message of ours."""


class _Undelivered(msgspec.Struct):
    """How EventBridge Scheduler leaves a message that it could not deliver: wrapped in the call it had made."""

    text: str = msgspec.field(name="MessageBody")


class _Version(msgspec.Struct):
    v: int = VERSION


_version = msgspec.json.Decoder(_Version)
_undelivered = msgspec.json.Decoder(_Undelivered)
_message: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """The message as the text that a queue or a schedule carries."""
    return _encoder.encode(message).decode()


def decode(text: str) -> Message:
    """The message in a text. Raises UnknownVersionError or UnreadableError."""
    try:
        version = _version.decode(text).v
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError from error
    if version > VERSION:
        raise UnknownVersionError
    try:
        return _message.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError from error


def decode_dead(text: str) -> Message:
    """The message in a dead letter, whether a queue left it or a schedule. Raises as `decode`."""
    try:
        text = _undelivered.decode(text).text
    except (msgspec.DecodeError, RecursionError):
        return decode(text)
    return decode(text)
