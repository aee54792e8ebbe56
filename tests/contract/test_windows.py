"""Rate windows: small blobs that are replaced only over the version they were computed from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from contract_bench import Identity
from contract_samples import NOW, fresh

EXPIRES_S = NOW // 1000 + 120


def test_the_first_blob_is_stored_over_nothing(identity: Identity) -> None:
    name = fresh("window")

    assert identity.swap(name, b"first", over=0, expires_s=EXPIRES_S) is None
    assert identity.swap(name, b"again", over=0, expires_s=EXPIRES_S) == (1, b"first")


def test_each_swap_raises_the_version_by_one(identity: Identity) -> None:
    name = fresh("window")

    for version in range(4):
        assert identity.swap(name, bytes([version]), over=version, expires_s=EXPIRES_S) is None

    assert identity.swap(name, b"", over=0, expires_s=EXPIRES_S) == (4, b"\x03")


def test_a_stale_version_is_refused_with_what_is_stored(identity: Identity) -> None:
    name = fresh("window")
    identity.swap(name, b"one", over=0, expires_s=EXPIRES_S)
    identity.swap(name, b"two", over=1, expires_s=EXPIRES_S)

    assert identity.swap(name, b"stale", over=1, expires_s=EXPIRES_S) == (2, b"two")
    assert identity.swap(name, b"ahead", over=3, expires_s=EXPIRES_S) == (2, b"two")


def test_a_version_of_a_window_that_is_gone_is_refused_with_nothing(identity: Identity) -> None:
    name = fresh("window")

    assert identity.swap(name, b"late", over=7, expires_s=EXPIRES_S) == (0, b"")
    assert identity.swap(name, b"first", over=0, expires_s=EXPIRES_S) is None


def test_any_bytes_can_be_stored(identity: Identity) -> None:
    every = fresh("window")
    none = fresh("window")
    identity.swap(every, bytes(range(256)) * 8, over=0, expires_s=EXPIRES_S)
    identity.swap(none, b"", over=0, expires_s=EXPIRES_S)

    assert identity.swap(every, b"", over=0, expires_s=EXPIRES_S) == (1, bytes(range(256)) * 8)
    assert identity.swap(none, b"x", over=0, expires_s=EXPIRES_S) == (1, b"")


def test_windows_do_not_touch_each_other(identity: Identity) -> None:
    name = fresh("window")
    identity.swap(name, b"mine", over=0, expires_s=EXPIRES_S)
    identity.swap(name + "x", b"other", over=0, expires_s=EXPIRES_S)

    assert identity.swap(name, b"", over=0, expires_s=EXPIRES_S) == (1, b"mine")


def test_every_swap_of_many_threads_counts_exactly_once(identity: Identity) -> None:
    name = fresh("window")

    def count_up(thread: int) -> None:
        version, blob = 0, b""
        while current := identity.swap(name, blob + bytes([thread]), over=version, expires_s=EXPIRES_S):
            version, blob = current

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_up, range(8)))

    version, blob = identity.swap(name, b"", over=0, expires_s=EXPIRES_S) or (0, b"")
    assert version == 8
    assert sorted(blob) == list(range(8))
