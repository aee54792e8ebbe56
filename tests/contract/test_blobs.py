"""Small blobs that are replaced only over the version they were computed from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from contract_samples import NOW, fresh

from chalicelib.ports.blobs import Blobs

EXPIRES_S = NOW // 1000 + 120


def test_the_first_blob_is_stored_over_nothing(blobs: Blobs) -> None:
    name = fresh("blob")

    assert blobs.swap(name, b"first", over=0, expires_s=EXPIRES_S) is None
    assert blobs.swap(name, b"again", over=0, expires_s=EXPIRES_S) == (1, b"first")


def test_each_swap_raises_the_version_by_one(blobs: Blobs) -> None:
    name = fresh("blob")

    for version in range(4):
        assert blobs.swap(name, bytes([version]), over=version, expires_s=EXPIRES_S) is None

    assert blobs.swap(name, b"", over=0, expires_s=EXPIRES_S) == (4, b"\x03")


def test_a_stale_version_is_refused_with_what_is_stored(blobs: Blobs) -> None:
    name = fresh("blob")
    blobs.swap(name, b"one", over=0, expires_s=EXPIRES_S)
    blobs.swap(name, b"two", over=1, expires_s=EXPIRES_S)

    assert blobs.swap(name, b"stale", over=1, expires_s=EXPIRES_S) == (2, b"two")
    assert blobs.swap(name, b"ahead", over=3, expires_s=EXPIRES_S) == (2, b"two")


def test_a_version_of_a_blob_that_is_gone_is_refused_with_nothing(blobs: Blobs) -> None:
    name = fresh("blob")

    assert blobs.swap(name, b"late", over=7, expires_s=EXPIRES_S) == (0, b"")
    assert blobs.swap(name, b"first", over=0, expires_s=EXPIRES_S) is None


def test_any_bytes_can_be_stored(blobs: Blobs) -> None:
    every = fresh("blob")
    none = fresh("blob")
    blobs.swap(every, bytes(range(256)) * 8, over=0, expires_s=EXPIRES_S)
    blobs.swap(none, b"", over=0, expires_s=EXPIRES_S)

    assert blobs.swap(every, b"", over=0, expires_s=EXPIRES_S) == (1, bytes(range(256)) * 8)
    assert blobs.swap(none, b"x", over=0, expires_s=EXPIRES_S) == (1, b"")


def test_blobs_do_not_touch_each_other(blobs: Blobs) -> None:
    name = fresh("blob")
    blobs.swap(name, b"mine", over=0, expires_s=EXPIRES_S)
    blobs.swap(name + "x", b"other", over=0, expires_s=EXPIRES_S)

    assert blobs.swap(name, b"", over=0, expires_s=EXPIRES_S) == (1, b"mine")


def test_every_swap_of_many_threads_counts_exactly_once(blobs: Blobs) -> None:
    name = fresh("blob")

    def count_up(thread: int) -> None:
        version, blob = 0, b""
        while current := blobs.swap(name, blob + bytes([thread]), over=version, expires_s=EXPIRES_S):
            version, blob = current

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_up, range(8)))

    version, blob = blobs.swap(name, b"", over=0, expires_s=EXPIRES_S) or (0, b"")
    assert version == 8
    assert sorted(blob) == list(range(8))


def test_a_blob_reads_back_with_its_version(blobs: Blobs) -> None:
    name = fresh("blob")

    assert blobs.get(name) == (0, b"")
    blobs.swap(name, b"one", over=0, expires_s=EXPIRES_S)
    blobs.swap(name, b"two", over=1, expires_s=EXPIRES_S)
    assert blobs.get(name) == (2, b"two")


def test_blobs_are_listed_by_the_beginning_of_their_names(blobs: Blobs) -> None:
    prefix = fresh("group_%")
    for name in ("b", "ü", "a"):
        blobs.swap(f"{prefix}#{name}", name.encode(), over=0, expires_s=EXPIRES_S)
    blobs.swap(f"another {prefix}#c", b"c", over=0, expires_s=EXPIRES_S)

    found = blobs.beginning(f"{prefix}#")

    assert found == [(f"{prefix}#a", b"a"), (f"{prefix}#b", b"b"), (f"{prefix}#ü", "ü".encode())]
    assert blobs.beginning(fresh("none")) == []
