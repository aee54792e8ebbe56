"""The bill of materials of what every Lambda function carries, as CycloneDX."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.audit.advisories import pins
from infra.audit.scanners import ROOT

FILE = ROOT / "docs" / "sbom.cdx.json"
#: The framework's runtime, which packaging copies in beside what is required.
FRAMEWORK = "chalice"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def shipped() -> dict[str, str]:
    """What ships: package and version."""
    return {**pins(ROOT / "requirements.txt"), FRAMEWORK: pins(ROOT / "requirements-dev.txt")[FRAMEWORK]}


def document() -> str:
    """The bill, from what is installed in the product's environment: versions, licences, who needs whom, and the hashes
    that an installation is held to."""
    generator = str(Path(sys.executable).with_name("cyclonedx-py"))
    options = ["environment", "--output-reproducible", "--sv", "1.6", "--of", "JSON", ".venv/bin/python"]
    done = subprocess.run([generator, *options], cwd=ROOT, capture_output=True, text=True, check=True)
    bom = json.loads(done.stdout)
    names = shipped()
    components = [_component(each) for each in bom["components"] if normal(each["name"]) in names]
    refs = {each["bom-ref"] for each in components}
    bom["components"] = sorted(components, key=lambda each: str(each["name"]))
    bom["dependencies"] = [
        {
            "ref": each["ref"],
            **({"dependsOn": wanted} if (wanted := [ref for ref in each.get("dependsOn", []) if ref in refs]) else {}),
        }
        for each in bom["dependencies"]
        if each["ref"] in refs
    ]
    bom["metadata"] = {"component": {"bom-ref": "sluice", "type": "application", "name": "sluice"}}
    return json.dumps(bom, indent=1, sort_keys=True) + "\n"


def complaints() -> list[str]:
    """What is wrong with the bill that is committed."""
    current = FILE.is_file() and FILE.read_text("utf-8") == document()
    return [] if current else [f"{FILE.relative_to(ROOT)} is out of date: run `make lock`"]


def _component(component: dict[str, Any]) -> dict[str, Any]:
    name, kept = normal(component["name"]), ("bom-ref", "description", "licenses", "name", "purl", "type", "version")
    hashes = [{"alg": "SHA-256", "content": each} for each in sorted(hashes_of(name))]
    bare = {key: component[key] for key in kept if key in component}
    for each in bare.get("licenses", []):
        each.get("license", {}).pop("text", None)  # a name is enough to look it up
    return {**bare, "hashes": hashes}


def normal(name: str) -> str:
    """A package's name as requirements spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def hashes_of(package: str) -> set[str]:
    """The hashes that the requirements allow for a package's files."""
    text = (ROOT / "requirements-dev.txt").read_text("utf-8")
    entry = re.search(rf"^{re.escape(package)}==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return set() if entry is None else set(_HASH.findall(entry[0]))
