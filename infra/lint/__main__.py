"""Builds the template, asks cfn-lint and checkov, and goes through what they find: all of it has to be waived.

`infra/lint/waivers.json` holds the waivers, each with its reason. One that nothing needs any more is a finding too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy.package import build
from infra.deploy.template import deployable

WAIVERS = Path(__file__).with_name("waivers.json")
_STAGE, _REGION = "prod", "eu-central-1"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that a resource does not keep."""

    check: str
    resource: str
    text: str = ""


def judge(findings: Iterable[Finding], waivers: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each finding that is not waived, and for each waiver without a finding."""
    waived = {(waiver["check"], resource) for waiver in waivers for resource in waiver["resources"]}
    found = {(finding.check, finding.resource): finding for finding in findings}
    return [
        *(f"{check} {resource}: {found[check, resource].text}" for check, resource in sorted(found.keys() - waived)),
        *(f"{check} {resource}: waived, and not found any more" for check, resource in sorted(waived - found.keys())),
    ]


def _cfn_lint(tools: Path, template: Path) -> list[Finding]:
    told = _output(tools / "cfn-lint", "--regions", _REGION, "--format", "json", "--template", template)
    return [
        Finding(match["Rule"]["Id"], str((match["Location"]["Path"] or ["", "?"])[1]), match["Message"])
        for match in json.loads(told or "[]")
    ]


def _checkov(tools: Path, template: Path) -> list[Finding]:
    # Its rules for APIs look at routes one by one, for minutes: the API is left, its 300 routes are not.
    document = json.loads(template.read_text("utf-8"))
    document["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"] = {}
    slim = template.with_name("without-routes.json")
    slim.write_text(json.dumps(document, indent=1), "utf-8")
    told = _output(
        tools / "checkov", "--file", slim, "--framework", "cloudformation", "--output", "json", "--skip-download"
    )
    report = json.loads(told)
    return [
        Finding(check["check_id"], check["resource"].rpartition(".")[2], check["check_name"])
        for check in report["results"]["failed_checks"]
    ]


def _output(command: Path, *arguments: str | Path) -> str:
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    # Both end with another code than 0 when they find something.
    if done.stderr and not done.stdout:
        raise RuntimeError(f"{command.name} failed:\n{done.stderr}")
    return done.stdout


def main(tools: Path) -> int:
    """Returns the exit code: 1 when something is left."""
    with tempfile.TemporaryDirectory() as folder:
        package = build(_STAGE, _REGION, folder=Path(folder) / "build")
        template = Path(folder) / "template.json"
        # Indented: findings name lines.
        document = deployable(package.template, _STAGE, bucket="a-bucket", key="a-package.zip")
        template.write_text(json.dumps(document, indent=1), "utf-8")
        findings = [*_cfn_lint(tools, template), *_checkov(tools, template)]
    waivers = json.loads(WAIVERS.read_text("utf-8"))
    left = judge(findings, waivers)
    for line in left:
        print(line)
    print(f"{len(document['Resources'])} resources: {len(findings)} findings, {len(findings) - len(left)} waived")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
