"""One package for all functions: Chalice's zip with compiled code inside, and the template that goes with it.

Chalice builds for the minor version of Python that runs it and ships sources alone; a function's folder is read-only,
so that every cold start would compile them anew. Compiled here, unchecked: a source's time in the zip means nothing.
"""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from infra.apply import TEMPLATE
from infra.deploy.problems import NotReadyError

PROJECT = Path(__file__).parents[2]
#: Where builds are made; each replaces the one before.
BUILD = PROJECT / ".build"
#: What Chalice has to find in a project.
_SOURCES = ("app.py", "chalicelib", "requirements.txt", ".chalice")
#: Where Lambda unpacks a function.
_TASK = "/var/task"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """A built package: the zip, a digest of what it was built from, and Chalice's template."""

    archive: Path
    digest: str
    template: dict[str, Any]


def stage_settings(config: Mapping[str, Any], stage: str) -> dict[str, str]:
    """The environment of a stage's functions, as `.chalice/config.json` gives it."""
    own = config.get("stages", {}).get(stage, {})
    return {
        **config.get("environment_variables", {}),
        **own.get("environment_variables", {}),
        "SLUICE_STAGE": stage,
    }


def read_config(project: Path = PROJECT) -> dict[str, Any]:
    """The project's `.chalice/config.json`."""
    config: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text("utf-8"))
    return config


def build(stage: str, region: str, architecture: str | None = None, folder: Path = BUILD) -> Package:
    """Build for a stage, on `architecture` (`arm64`, `x86_64`) or the one that the configuration names."""
    shutil.rmtree(folder, ignore_errors=True)
    project, packed = folder / "project", folder / "packaged"
    _lay_out(project, stage, architecture)
    _chalice_package(project, stage, region, packed)
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(packed / "deployment.zip") as archive:
        archive.extractall(unpacked)
    digest = _digest(unpacked)
    _compile(unpacked)
    archive_path = folder / "sluice.zip"
    _zip(unpacked, archive_path)
    return Package(archive_path, digest, json.loads((packed / "sam.json").read_text("utf-8")))


def _lay_out(project: Path, stage: str, architecture: str | None) -> None:
    """A copy of what is deployed, configured for this stage alone."""
    project.mkdir(parents=True)
    for name in _SOURCES:
        source = PROJECT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "venv")
            shutil.copytree(source, project / name, ignore=ignored)
        else:
            shutil.copy(source, project / name)
    config = read_config()
    own = {**config.get("stages", {}).get(stage, {}), "environment_variables": stage_settings(config, stage)}
    if architecture is not None:
        own["lambda_architecture"] = architecture
    config["stages"] = {stage: own}
    (project / ".chalice" / "config.json").write_text(json.dumps(config, indent=2), "utf-8")


def _chalice_package(project: Path, stage: str, region: str, out: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("chalice")),
        "package",
        "--stage",
        stage,
        "--merge-template",
        str(TEMPLATE),
    ]
    done = subprocess.run(
        [*command, str(out)],
        cwd=project,
        env={**os.environ, "AWS_DEFAULT_REGION": region},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"`chalice package` failed:\n{done.stdout}{done.stderr}".rstrip())


def _digest(folder: Path) -> str:
    """Of everything in the folder and the Python that compiles it: the same sources make the same package."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
            digest.update(b"%d %b %d " % (len(name), name, len(content)))
            digest.update(content)
    return digest.hexdigest()


def _compile(folder: Path) -> None:
    compileall.compile_dir(
        folder,
        quiet=2,  # a dependency may carry files for newer versions of Python, which are never imported
        force=True,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        stripdir=str(folder),
        prependdir=_TASK,
    )


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
