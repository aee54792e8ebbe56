"""`vectors.json`: URLs, look-up scripts and headers that must be refused, and their harmless neighbours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

Vector = dict[str, Any]

OWN_HOST = "api.sluice.example"

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8").replace("SELF_API_HOST", OWN_HOST))

PAYLOADS: list[Vector] = VECTORS["payloads"]


def refused(stage: str, *, also_https: bool = True) -> list[Any]:
    """The vectors of one stage as test parameters, plain http ones over https too."""
    return [
        pytest.param(dict(vector, url=url), id=f"{vector['id']}-{url.partition(':')[0][:5]}")
        for vector in VECTORS["refuse"]
        if vector["stage"] == stage
        for url in dict.fromkeys((vector["url"], vector["url"].replace("http://", "https://", 1 if also_https else 0)))
    ]


def refused_urls(stage: str) -> list[str]:
    """The URLs of one stage's vectors."""
    return [vector["url"] for vector in VECTORS["refuse"] if vector["stage"] == stage]


def allowed_urls() -> list[str]:
    """The URLs that may be called."""
    return [vector["url"] for vector in VECTORS["allow"]]


def allowed() -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS["allow"]]


def allowed_hosts() -> set[str]:
    """The names and addresses that a certificate for all allowed vectors must hold."""
    return {name for vector in VECTORS["allow"] for name in vector["dns"]} | {
        host for vector in VECTORS["allow"] if not vector["dns"] for host in [vector["url"].split("/")[2]]
    }
