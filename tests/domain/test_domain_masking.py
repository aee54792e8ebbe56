"""No secret is shown again, in whatever kind of text it came, and no text takes long to look through."""

from __future__ import annotations

import time

import pytest

from chalicelib.domain.masking import MASK, masked_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password":"hunter2","order":7}', f'{{"password":"{MASK}","order":7}}'),
        ('[{"a":{"apiKey":17,"keyed":true}}]', f'[{{"a":{{"apiKey":"{MASK}","keyed":true}}}}]'),
        ('{"credentials":{"user":"ann"}}', f'{{"credentials":"{MASK}"}}'),
        ('{"inner":"{\\"token\\":\\"hunter2\\"}"}', f'{{"inner":"{{\\"token\\":\\"{MASK}\\"}}"}}'),
        ('{"password": "hunter2", "cut off', f'{{"password": "{MASK}", "cut off'),
        ("user=ann&passwd=hunter2&x=1", f"user=ann&passwd={MASK}&x=1"),
        ("https://ann:hunter2@shop.example/?token=hunter2#x", f"https://{MASK}@shop.example/?token={MASK}#x"),
        ("see Bearer hunter2hunter2 and aq_live_0123456789", f"see Bearer {MASK} and aq_live_{MASK}"),
        ('  {"order" : 1.50}  ', '  {"order" : 1.50}  '),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_the_rest_is_not(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    "text", ["key" * 22_000, "auth.." * 11_000, "://" * 22_000, "[" * 65_536, "Bearer " * 9_000, '{"key":' * 9_000]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    masked_text(text)
    assert time.process_time() - began < 0.2
