"""The hand-written OpenAPI description as the JSON that the API serves: Lambda carries no YAML reader."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs" / "openapi" / "asyncqueue.yaml"
TARGET = ROOT / "chalicelib" / "surfaces" / "site" / "openapi.json"


def render() -> str:
    """The description as JSON text."""
    return json.dumps(yaml.safe_load(SOURCE.read_text("utf-8")), ensure_ascii=False, separators=(",", ":")) + "\n"
