"""Passwords, tokens and ids of AstraFlow, as plain values."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import access, passwords, tokens
from chalicelib.domain.access import ROLE_SCOPES, SCOPES, Role, TokenKind
from chalicelib.domain.passwords import Cost

CHEAP = Cost(2, 1, 1)
PEPPER = b"pepper"


def test_a_password_is_stored_with_all_that_is_needed_to_look_at_it_again() -> None:
    stored = passwords.hashed("secret", b"0123456789abcdef", Cost(4, 8, 2))

    assert re.fullmatch(r"scrypt\$4\$8\$2\$[0-9A-Za-z+/=]+\$[0-9A-Za-z+/=]+", stored)
    assert passwords.cost_of(stored) == Cost(4, 8, 2)
    assert passwords.matches("secret", stored)
    assert not passwords.matches("Secret", stored)
    assert not passwords.matches("", stored)


def test_the_hash_is_the_one_of_rfc_7914() -> None:
    """Section 12: scrypt (P="pleaseletmein", S="SodiumChloride", N=16384, r=8, p=1), of which 32 bytes are stored."""
    stored = passwords.hashed("pleaseletmein", b"SodiumChloride", Cost(14, 8, 1))
    expected = hashlib.scrypt(b"pleaseletmein", salt=b"SodiumChloride", n=16_384, r=8, p=1, maxmem=2**26, dklen=64)

    assert expected.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")
    assert passwords._read(stored)[2] == expected[:32]


def test_the_standard_cost_is_what_owasp_asks_for() -> None:
    assert (2**passwords.STANDARD.log_n, passwords.STANDARD.r, passwords.STANDARD.p) == (32_768, 8, 3)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_password_matches_itself_alone(one: str, other: str) -> None:
    stored = passwords.hashed(one, b"salt", CHEAP)

    assert passwords.matches(other, stored) is (one == other)


def test_nobody_s_password_costs_the_same_and_matches_nothing() -> None:
    nobodys = passwords.nobodys(CHEAP)

    assert passwords.cost_of(nobodys) == CHEAP
    assert not any(passwords.matches(word, nobodys) for word in ("", "secret", nobodys))


@pytest.mark.parametrize(("password", "within"), [("x" * 1_024, True), ("x" * 1_025, False), ("ö" * 513, False)])
def test_a_password_is_measured_in_bytes(password: str, within: bool) -> None:
    assert passwords.within_limits(password) is within


@given(st.binary(min_size=32, max_size=32))
def test_a_token_has_the_form_that_scanners_know(random: bytes) -> None:
    for kind, prefix in tokens.PREFIXES.items():
        token = tokens.mint(prefix, random)
        assert tokens.PATTERN.fullmatch(token)
        assert tokens.kind_of(token) is kind
    assert tokens.kind_of(tokens.mint(tokens.CLIENT_PREFIX, random)) is None


def test_a_successor_follows_from_all_that_it_stands_for() -> None:
    refresh = tokens.mint("rt_", bytes(32))
    made = {
        tokens.successor(kind, token, purpose, pepper)
        for kind in TokenKind
        for token in (refresh, tokens.mint("rt_", b"1" * 32))
        for purpose in ("", "tasks:read")
        for pepper in (PEPPER, b"salt")
    }

    assert len(made) == 16
    assert tokens.successor(TokenKind.REFRESH, refresh, "", PEPPER) == tokens.successor(
        TokenKind.REFRESH, refresh, "", PEPPER
    )


def test_what_is_stored_of_a_token_depends_on_the_pepper() -> None:
    token = tokens.mint("at_", bytes(32))

    assert tokens.hashed(token, PEPPER) != tokens.hashed(token, b"salt")
    assert re.fullmatch("[0-9a-f]{64}", tokens.hashed(token, PEPPER))


def test_an_address_is_one_user_of_a_tenant_in_whatever_letters() -> None:
    tenant, other = access.tenant_id(bytes(8)), access.tenant_id(b"other 12")
    ids = {access.user_id(tenant, email) for email in ("ann@example.com", "ANN@Example.COM")}

    assert len(ids) == 1
    assert ids.isdisjoint({access.user_id(other, "ann@example.com"), access.user_id(tenant, "bob@example.com")})
    assert all(access.plausible_user(id_) and id_.startswith("u") for id_ in ids)


def test_a_client_s_id_leads_to_its_tenant() -> None:
    tenant = access.tenant_id(b"01234567")
    client = access.client_id(tenant, b"abcdef")

    assert access.tenant_of(client) == tenant
    assert access.plausible_tenant(tenant)
    assert access.plausible_client(client)
    for junk in ("", "t", tenant + ".", client + "0", client.upper(), client + "\n", "x" * 5_000):
        assert not access.plausible_client(junk)
        assert not access.plausible_tenant(junk)


def test_each_role_may_do_less_than_the_one_above_it() -> None:
    assert ROLE_SCOPES[Role.VIEWER] < ROLE_SCOPES[Role.MEMBER] < ROLE_SCOPES[Role.ADMIN] == set(SCOPES)
    assert ROLE_SCOPES[Role.ADMIN] - ROLE_SCOPES[Role.MEMBER] == {"users:admin"}
    assert ROLE_SCOPES[Role.VIEWER] == {"tasks:read"}
