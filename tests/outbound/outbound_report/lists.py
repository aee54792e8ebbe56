"""Both lists of URLs against the guard and the door: by class, how many there are and how many went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from outbound_attacks import allowed, over_https, public_answers, refused, special_answers
from outbound_scripts import OK, ScriptedDialler, ScriptedResolver, redirect_to
from outbound_vectors import OWN_HOST, VECTORS

from chalicelib.domain.exchange import Request
from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard, Refusal

GUARD = Guard(own_hosts=(OWN_HOST,))


@dataclass(frozen=True)
class Row:
    """One class of one list: `wrong` are those that passed although refused was right, or the reverse."""

    name: str
    count: int
    wrong: int


def core_refusals() -> list[Row]:
    """The core tier of `vectors.json`, over http and https where the text decides."""
    return _by_class([vector for vector in VECTORS["refuse"] if vector["tier"] == "core"])


def policy() -> Iterator[tuple[str, str, str]]:
    """The policy tier, line by line: the vector, why it is there, and what the default policy makes of it."""
    for vector in VECTORS["refuse"]:
        if vector["tier"] == "policy":
            yield vector["id"], f"{vector['why']}", "refused" if _harmless(vector) else "CALLED"
    for vector in VECTORS["allow"]:
        if vector["tier"] == "policy":
            yield vector["id"], vector["why"], "called" if not _refused(vector["url"]) else "REFUSED"


def core_allowances() -> Row:
    """The core tier of what may be called."""
    urls = [vector["url"] for vector in VECTORS["allow"] if vector["tier"] == "core"]
    return Row("public", len(urls), sum(map(_refused, urls)))


def own_refusals() -> list[Row]:
    """The second list, each URL over http and https, and what no name may lead to."""
    rows = []
    for kind, urls in refused().items():
        both = list(dict.fromkeys([*urls, *map(over_https, urls)]))
        rows.append(Row(kind, len(both), sum(not _refused(url) for url in both)))
    led = [str(address) for address in special_answers()]
    return [*rows, Row("names that lead to special addresses", len(led), sum(bool(_dialled([each])) for each in led))]


def own_allowances() -> list[Row]:
    """The second list's look-alikes."""
    rows = []
    for kind, urls in allowed().items():
        both = list(dict.fromkeys([*urls, *map(over_https, urls)]))
        rows.append(Row(kind, len(both), sum(map(_refused, both))))
    led = [str(address) for address in public_answers()]
    return [*rows, Row("names that lead to their neighbours", len(led), sum(not _dialled([each]) for each in led))]


def _by_class(vectors: list[dict[str, Any]]) -> list[Row]:
    counts, wrong = Counter[str](), Counter[str]()
    for vector in vectors:
        counts[vector["class"]] += 1
        wrong[vector["class"]] += not _harmless(vector)
    return [Row(kind, count, wrong[kind]) for kind, count in counts.items()]


def _refused(url: str) -> bool:
    return isinstance(GUARD.judge(url), Refusal)


def _harmless(vector: dict[str, Any]) -> bool:
    """Whether what must not happen does not: by the text, by what is dialled, or by what a redirect leads to."""
    if vector["stage"] == "create":
        return all(_refused(url) for url in (vector["url"], over_https(vector["url"])))
    script = vector.get("redirect")
    answer = redirect_to(script["location"], script["status"]) if script else OK
    with ScriptedDialler(lambda _: answer) as dialler:
        door = Door(GUARD, ScriptedResolver(vector["dns"]), Client(dialler))
        for _ in range(vector.get("attempts", 1)):
            door.send(Request("POST", vector["url"]), timeout_s=2)
    forbidden = set(vector.get("never_connect", ()))
    if vector.get("expect") != "no_forbidden_connect":
        return dialler.dialled == []
    return not forbidden & set(dialler.dialled)


def _dialled(addresses: list[str]) -> list[str]:
    with ScriptedDialler(lambda _: OK) as dialler:
        door = Door(GUARD, ScriptedResolver({"hooks.example.com": [addresses]}), Client(dialler))
        door.send(Request("GET", "http://hooks.example.com/"), timeout_s=2)
        return dialler.dialled
