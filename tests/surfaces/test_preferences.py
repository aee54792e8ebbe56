"""The header `Prefer`, read as RFC 7240 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.surfaces.preferences import preferences


def read(header: str) -> dict[str, str]:
    return dict(preferences(header))


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("", {}),
        ("respond-async", {"respond-async": ""}),
        ("Respond-Async, CODE=503", {"respond-async": "", "code": "503"}),
        ("respond-async, wait=100", {"respond-async": "", "wait": "100"}),
        ('code = "503"', {"code": "503"}),
        (r'a="say \"code\", or \\"', {"a": 'say "code", or \\'}),
        # A value may hold what looks like another preference.
        ('foo="a, code=503"', {"foo": "a, code=503"}),
        ('foo="a; code=503", bar', {"foo": "a; code=503", "bar": ""}),
        # A parameter belongs to its preference.
        ('foo; some-parameter, bar=baz; code=503; x="y, z"', {"foo": "", "bar": "baz"}),
        # An empty value is none (section 2); the first of a name counts.
        ('foo=, bar=""', {"foo": "", "bar": ""}),
        ("code=503, code=500", {"code": "503"}),
        # What is no preference counts for nothing, and takes nothing else along but what it swallowed.
        ("code=5 0 3, =503, (code), code=500", {"code": "500"}),
        ('foo="never closed, code=503', {}),
        (",,code=503,,", {"code": "503"}),
    ],
)
def test_preferences(header: str, preferred: dict[str, str]) -> None:
    assert read(header) == preferred


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=200))
def test_whatever_is_sent_is_read(header: str) -> None:
    assert all(name == name.lower() for name in read(header))


def test_a_header_of_the_worst_kind_is_read_at_once() -> None:
    for piece in ('"', "\\", '"\\', "a=", ";", ",", 'a="', " "):
        read(piece * (65_536 // len(piece)))
