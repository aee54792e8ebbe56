"""The package that is sent: for the right processor, compiled and complete."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app import app
from infra.deploy.package import PROJECT, Package, build
from infra.host.functions import load_config

#: What of the sources is worth a look: all that the functions import.
OURS = [path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / "chalicelib").rglob("*.py"))]
#: A .pyc's flags: it goes by a hash of its source, and nobody looks whether that still holds.
UNCHECKED_HASH = 0b01
#: The processor in the head of a binary: `e_machine` of ELF, EM_AARCH64 (elf(5)).
AARCH64 = (183).to_bytes(2, "little")
HERE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build("prod", "eu-central-1", folder=tmp_path_factory.mktemp("build") / "arm64")


def functions(package: Package) -> dict[str, Any]:
    return {
        key: resource["Properties"]
        for key, resource in package.template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_answers_that_are_long_are_compressed_as_on_the_local_stack(package: Package) -> None:
    least = package.template["Resources"]["RestAPI"]["Properties"]["MinimumCompressionSize"]

    assert least == load_config(PROJECT, app).minimum_compression_size
    assert least == 1024


def test_every_source_has_its_bytecode_which_nobody_checks_again(package: Package) -> None:
    tag = sys.implementation.cache_tag
    with zipfile.ZipFile(package.archive) as archive:
        names = set(archive.namelist())
        for source in ["app.py", *OURS, "msgspec/__init__.py", "chalice/app.py"]:
            path = Path(source)
            compiled = (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").as_posix()
            assert compiled in names
            head = archive.read(compiled)[:8]
            assert head[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(head[4:8], "little") == UNCHECKED_HASH


def test_it_is_for_graviton_and_the_runtime_of_this_python(package: Package) -> None:
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    with zipfile.ZipFile(package.archive) as archive:
        # Not every name says it: a binary for any Python carries none of a processor.
        machines = {name: archive.read(name)[18:20] for name in archive.namelist() if name.endswith(".so")}

    assert machines
    assert set(machines.values()) == {AARCH64}
    assert {(function["Runtime"], *function["Architectures"]) for function in functions(package).values()} == {
        (runtime, "arm64")
    }


def test_nothing_of_the_workshop_is_in_it(package: Package) -> None:
    with zipfile.ZipFile(package.archive) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}

    assert tops & {"cli", "infra", "tests", "docs", "sdks", "boto3", "botocore", "moto", "typer"} == set()


@pytest.mark.skipif(HERE is None, reason="Lambda has no such processor")
def test_it_is_complete(package: Package, tmp_path: Path) -> None:
    here = build("prod", "eu-central-1", HERE, tmp_path / "build")
    with zipfile.ZipFile(here.archive) as archive:
        archive.extractall(tmp_path / "task")
    # Without site-packages: what the runtime does not have must be in the zip.
    program = f"import sys; sys.path.insert(0, {str(tmp_path / 'task')!r}); import app; print(app.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == str(tmp_path / "task" / "app.py")
    assert (here.digest == package.digest) is (HERE == "arm64")
