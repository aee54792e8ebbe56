"""Ask every operation of every description in ways that fit it and ways that do not, and judge the answers.

    make fuzz EXAMPLES=1000

All checks of schemathesis are on, and all its phases: the descriptions' examples, systematic coverage, random requests,
and stateful sequences along links. Ends with 1 when a check fails, or when an operation never succeeds: whoever is
always refused has tried nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport import wsgi
from surfaces.description.documents import operations as operations_of

from fuzz import formats, ids, waivers
from fuzz.deployment import deployment
from infra.docs import openapi

#: Settings of sockets, which an application in process has no use for.
_OF_SOCKETS = ("max_redirects", "verify", "cert", "proxies")


class _InProcess(wsgi.WSGITransport):
    """schemathesis 4.32.5 hands a probe for ignored credentials to the application with the settings of sockets."""

    def send(self, case: Any, *, session: Any = None, **kwargs: Any) -> Any:
        kept = {name: value for name, value in kwargs.items() if name not in _OF_SOCKETS}
        return super().send(case, session=session, **kept)


@dataclass
class Outcome:
    """What came of one description."""

    name: str
    operations: frozenset[str]
    cases: int = 0
    checks: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    failures: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, event: events.EngineEvent) -> None:
        """Count what an event of the engine tells."""
        if isinstance(event, events.ScenarioFinished):
            self._judged(event.recorder)
        elif isinstance(event, events.NonFatalError):
            self.failures[event.label, "error"].append(f"{event.value}")
        elif isinstance(event, events.FatalError):
            self.failures[self.name, "error"].append(f"{event.exception}")

    def _judged(self, recorder: Any) -> None:
        self.cases += len(recorder.interactions)
        for case_id, interaction in recorder.interactions.items():
            status = interaction.response.status_code
            self.statuses[status] += 1
            if status < 400:
                self.succeeded.add(recorder.cases[case_id].value.operation.label)
        for nodes in recorder.checks.values():
            self.checks += len(nodes)
            for node in nodes:
                if node.failure_info is not None:
                    failure = node.failure_info.failure
                    told = f"{failure.title}: {failure.message}\n{node.failure_info.code_sample}"
                    self.failures[failure.operation, node.name].append(told)

    @property
    def never_succeeded(self) -> list[str]:
        return sorted(each for each in self.operations - self.succeeded if not waivers.unreached(each))

    def __str__(self) -> str:
        statuses = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        failed = sum(map(len, self.failures.values()))
        return (
            f"{self.name}: {len(self.operations)} operations, {self.cases} requests, {self.checks} checks, "
            f"{failed} failed; {statuses}"
        )


def run(name: str, examples: int, seed: int) -> Outcome:
    """Ask all operations of one description."""
    description = openapi.document(name)
    operations = [f"{method.upper()} {path}" for path, method, _ in operations_of(description)]
    outcome = Outcome(name, frozenset(operations))
    with deployment() as here:
        known = ids.known(here.asked, operations)
        schemes = description["components"].get("securitySchemes", {})
        settings = {
            "seed": seed,
            "base-url": "http://sluice.example",
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "checks": {"enabled": True},
            "generation": {"mode": "all", "max-examples": examples, "database": "none"},
            "auth": {"openapi": {scheme: here.credentials[scheme] for scheme in schemes}} if schemes else {},
            "dictionaries": ids.dictionaries(known),
            "operations": [
                {
                    "include-name": operation,
                    "checks": waivers.checks(operation),
                    "parameters": ids.parameters(known, operation),
                }
                for operation in operations
            ],
        }
        schema = schemathesis.openapi.from_dict(description, config=SchemathesisConfig.from_dict(settings))
        schema.app = here.application
        for event in from_schema(schema).execute():
            outcome.take(event)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz.campaign", description=__doc__)
    parser.add_argument("--examples", type=int, default=10, help="random requests for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shown", type=int, default=1, help="failures of one kind that are shown")
    parser.add_argument("names", nargs="*", default=openapi.SURFACES, help="descriptions, all of them by default")
    arguments = parser.parse_args()
    formats.register()
    in_process = _InProcess()
    in_process._copy_serializers_from(wsgi.WSGI_TRANSPORT)
    wsgi.WSGI_TRANSPORT = in_process
    began = time.monotonic()
    wrong = False
    for name in arguments.names:
        outcome = run(name, arguments.examples, arguments.seed)
        print(outcome, flush=True)
        for (operation, check), told in sorted(outcome.failures.items()):
            print(f"\n{operation}: {check} failed {len(told)} times")
            print("\n".join(told[: arguments.shown]), flush=True)
        if outcome.never_succeeded:
            print(f"never succeeded: {', '.join(outcome.never_succeeded)}")
        wrong = wrong or bool(outcome.failures or outcome.never_succeeded)
    print(f"{time.monotonic() - began:.0f} s, seed {arguments.seed}, {arguments.examples} examples per operation")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
