"""An answer's body as text that can be stored and shown."""

from __future__ import annotations

import codecs

from chalicelib.domain.exchange import Answer

_DEFAULT = "utf-8"


def body_text(answer: Answer, max_bytes: int) -> str:
    """The body as text of at most `max_bytes` bytes of UTF-8, cut between characters.

    Bytes that are not text in the declared character set become U+FFFD; of a body that was cut on arrival, the half
    character at the end is left off.
    """
    decoder = codecs.getincrementaldecoder(_charset(answer))(errors="replace")
    text = decoder.decode(answer.body, final=not answer.truncated)
    encoded = text.encode()
    return text if len(encoded) <= max_bytes else encoded[:max_bytes].decode(errors="ignore")


def _charset(answer: Answer) -> str:
    content_type = next((value for name, value in answer.headers if name == "content-type"), "")
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            try:
                codec = codecs.lookup(value.strip().strip("\"'"))
            except (LookupError, ValueError):
                return _DEFAULT
            # Only the codecs that turn bytes into text one by one: the library also names ciphers and archives.
            return codec.name if codec._is_text_encoding and codec.incrementaldecoder else _DEFAULT
    return _DEFAULT
