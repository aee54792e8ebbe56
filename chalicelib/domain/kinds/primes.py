"""The kind `platform.Primes`: work for a processor, as an example of a kind that takes its time."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.domain.kinds.kind import Kind

LARGEST = 2_000_000_000
#: So many numbers a second are sieved at least on the smallest function, which has a seventh of a processor.
_PER_SECOND = 20_000_000
#: So many numbers are sieved at a time, in as many bytes.
_STRETCH = 1 << 20


class Primes(Kind):
    """How many primes there are below a number."""

    name = "platform.Primes"
    path = "primes"

    class Input(Struct):
        below: Annotated[int, Meta(ge=0, le=LARGEST)]

    def seconds(self, given: Input) -> float:
        return given.below / _PER_SECOND

    def run(self, given: Input) -> Mapping[str, Any]:
        return {"below": given.below, "count": count_below(given.below)}


def count_below(limit: int, *, stretch: int = _STRETCH) -> int:
    """How many primes are below `limit`: the sieve of Eratosthenes, one stretch of numbers after the other."""
    divisors = _primes_up_to(isqrt(max(limit - 1, 0)))
    count = 0
    for start in range(2, limit, stretch):
        length = min(stretch, limit - start)
        marks = bytearray(b"\1") * length
        for prime in divisors:
            if prime * prime >= start + length:
                break
            first = max(prime * prime, -(-start // prime) * prime) - start
            marks[first::prime] = bytes(len(range(first, length, prime)))
        count += marks.count(1)
    return count


def _primes_up_to(largest: int) -> list[int]:
    marks = bytearray(b"\1") * (largest + 1)
    for number in range(2, isqrt(largest) + 1):
        if marks[number]:
            marks[number * number :: number] = bytes(len(range(number * number, largest + 1, number)))
    return [number for number in range(2, largest + 1) if marks[number]]
