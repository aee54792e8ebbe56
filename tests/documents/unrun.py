"""The blocks that the tests of this folder do not run, each with the reason. Every entry is needed: a test says so."""

from __future__ import annotations

from collections.abc import Mapping

#: Page and first line of a block -> why it is not run here.
UNRUN: Mapping[tuple[str, str], str] = {
    ("docs/add-a-kind.md", "from collections import Counter"): "run as a kind by tests/surfaces/asimov/test_page.py",
}
#: Whole pages whose blocks another test runs.
ELSEWHERE: Mapping[str, str] = {
    "docs/deploy.md": "tests/deploy/test_deploy_page.py",
    "docs/one-machine.md": "tests/serve/test_page.py",
    "docs/cli.md": "tests/cli/test_every_command.py",
    "docs/verify-signatures.md": "tests/surfaces/test_signatures.py",
}
