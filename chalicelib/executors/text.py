"""An answer's body as text that can be stored and shown."""

from __future__ import annotations

import codecs

from chalicelib.domain.exchange import Answer

_DEFAULT = "utf-8"
#: What is decoded, by the library's names: the character sets of the web (WHATWG Encoding, "Names and labels"). The
#: library also names ciphers, archives and escapes, some of which fail on bytes that a stranger chooses.
_CHARSETS = frozenset(
    {
        *("ascii", "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"),
        *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *("cp866", "cp874", *(f"cp{page}" for page in range(1250, 1259))),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "tis-620"),
        *("gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
        *("euc_jp", "iso2022_jp", "shift_jis", "cp932", "euc_kr", "cp949"),
    }
)
#: UTF-16 without a byte order is little-endian on the web.
_LABELS = {"utf-16": "utf-16-le"}


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
            label = value.strip().strip("\"'").lower()
            try:
                codec = codecs.lookup(_LABELS.get(label, label)).name
            except (LookupError, ValueError):
                return _DEFAULT
            return codec if codec in _CHARSETS else _DEFAULT
    return _DEFAULT
