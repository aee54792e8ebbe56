"""An answer's body as text: whatever a stranger sends, it can be stored and shown."""

from __future__ import annotations

import encodings.aliases

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.exchange import Answer
from chalicelib.executors.text import body_text

PLENTY = 262_144
#: Everything that the library takes for a codec, archives and ciphers included.
CODECS = sorted(
    {*encodings.aliases.aliases.values(), "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
)


def text(body: bytes, content_type: str | None = None, *, most: int = PLENTY, truncated: bool = False) -> str:
    headers = () if content_type is None else (("content-type", content_type),)
    return body_text(Answer(200, "", headers, body, truncated), most)


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b"", None, ""),
        ("é€😀".encode(), None, "é€😀"),
        ("é€😀".encode(), "application/json", "é€😀"),
        ("é€".encode(), "text/plain; charset=UTF-8", "é€"),
        ("é".encode("latin-1"), "text/plain; charset=ISO-8859-1", "é"),
        ("é€".encode("cp1252"), 'text/html; charset="windows-1252"', "é€"),
        ("é".encode("latin-1"), "text/html; boundary=x; Charset = latin1 ", "é"),
        ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
        ("中文".encode("gb18030"), "text/plain; charset=gb18030", "中文"),
        ("Привет".encode("koi8-r"), "text/plain; charset=koi8-r", "Привет"),
        ("é".encode("utf-16-le"), "text/plain; charset=utf-16", "é"),
        ("é".encode("utf-16-be"), "text/plain; charset=utf-16be", "é"),
        # What is no character set of the web is read as UTF-8.
        (b"abc", "text/plain; charset=klingon", "abc"),
        (b"abc", "text/plain; charset=", "abc"),
        (b"abc", "text/plain; charset=\0", "abc"),
        (b"abc", "text/plain; charset=rot13", "abc"),
        (b"abc", "text/plain; charset=zlib", "abc"),
        (b"+2AA-", "text/plain; charset=utf-7", "+2AA-"),
        (rb"\ud800", "text/plain; charset=unicode_escape", r"\ud800"),
        # What is not text in its character set is replaced.
        (b"a\xffb", None, "a\ufffdb"),
        (b"\x89PNG", "image/png", "\ufffdPNG"),
        (b"\xc3", None, "\ufffd"),
    ],
    ids=ascii,
)
def test_a_body_is_read_in_its_character_set(body: bytes, content_type: str | None, shown: str) -> None:
    assert text(body, content_type) == shown


def test_of_a_body_that_was_cut_on_arrival_the_half_character_is_left_off() -> None:
    assert text("ab€".encode()[:-1], truncated=True) == "ab"
    assert text("ab€".encode()[:-1]) == "ab\ufffd"


@pytest.mark.parametrize(("most", "shown"), [(0, ""), (1, "a"), (2, "a"), (3, "a"), (4, "a€"), (5, "a€b"), (6, "a€b")])
def test_a_long_text_is_cut_between_characters(most: int, shown: str) -> None:
    assert text("a€b".encode(), most=most) == shown


def test_a_text_that_grows_when_it_is_stored_is_cut_too() -> None:
    shown = text(b"\xe9" * PLENTY, "text/plain; charset=latin-1")

    assert len(shown.encode()) == PLENTY
    assert shown == "é" * (PLENTY // 2)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60), st.sampled_from(CODECS), st.booleans(), st.integers(0, 80))
@example(b"\xff\xfea\x00", "utf_16", False, 80)
@example(b"a\x00", "utf_32", False, 80)
@example(b"xn--\xff", "idna", False, 80)
@example(b"-99999999", "punycode", False, 80)
def test_no_server_can_send_what_cannot_be_stored(body: bytes, charset: str, truncated: bool, most: int) -> None:
    shown = text(body, f"text/plain; charset={charset}", most=most, truncated=truncated)

    assert len(shown.encode()) <= most
