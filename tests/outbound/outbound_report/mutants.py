"""The door with one rule taken out: a test has to fail for each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOOR = ROOT / "chalicelib" / "outbound"
#: What has to notice, the quickest first.
TESTS = [
    f"tests/outbound/test_outbound_{name}.py"
    for name in ("guard", "attacks", "connect", "redirects", "resolver", "tls", "surroundings", "hostile")
]


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the file; with `new` in its place one rule is gone."""

    rule: str
    file: str
    old: str
    new: str


#: Tables of which each line is a rule: the file, and the name that the table is assigned to.
_TABLES = [
    ("networks.py", "_SPECIAL"),
    ("networks.py", "_METADATA"),
    ("networks.py", "_IPV4_CARRIERS"),
    ("guard.py", "_SPECIAL_DOMAINS"),
    ("redirects.py", "_CREDENTIALS"),
]

_RULES = [
    Mutant("a URL has at most 2,048 characters", "destination.py", "len(url) > MAX_URL_CHARACTERS or ", ""),
    Mutant("no white space, controls, backslashes", "destination.py", " or _UNSAFE.search(url)", ""),
    Mutant("ports are numbers from 1 to 65535", "destination.py", "not 1 <= port <= 65535", "False"),
    Mutant("labels are those of host names", "destination.py", "label if _LABEL.fullmatch(label) else None", "label"),
    Mutant(
        "international labels are never mapped",
        "destination.py",
        "except idna.IDNAError:\n        return None",
        "except idna.IDNAError:\n        return label.encode('idna').decode() or None",
    ),
    Mutant("what ends in a number is an IPv4 address", "destination.py", "if _NUMBER.fullmatch(last):", "if False:"),
    Mutant(
        "digits of other scripts end no name",
        "destination.py",
        'if last.startswith("xn--") and _foreign_digits(last):',
        "if False:",
    ),
    Mutant(
        "a name has at most 253 characters",
        "destination.py",
        "name if len(name) <= MAX_NAME_CHARACTERS else None",
        "name",
    ),
    Mutant("a trailing dot changes nothing", "destination.py", 'lower_case.removesuffix(".")', "lower_case"),
    Mutant("references with controls are none", "destination.py", "_UNSAFE.search(reference) or ", ""),
    Mutant("ports are 80, 443, 8080, 8443", "guard.py", "destination.port in PORTS and ", ""),
    Mutant("no port beside these", "guard.py", "PORTS = frozenset({80, ", "PORTS = frozenset({22, 80, "),
    Mutant("a name has two labels or more", "guard.py", "len(labels) > 1 and ", ""),
    Mutant("special domains are not called", "guard.py", " and labels[-1] not in _SPECIAL_DOMAINS", ""),
    Mutant("the deployment does not call itself", "guard.py", " and not self._is_self(destination)", ""),
    Mutant("own names are told without case", "guard.py", "host.lower().removesuffix", "host.removesuffix"),
    Mutant("metadata is never opened", "guard.py", "not is_never_called(address) and ", ""),
    Mutant(
        "only public or opened addresses",
        "guard.py",
        "(contains(self.allowed_networks, address) or is_public(address))",
        "True",
    ),
    Mutant("an answer is allowed by itself", "guard.py", "return self.allows(address) and ", "return "),
    Mutant(
        "lifted ports stay inside opened networks",
        "guard.py",
        "(_is_ordinary(destination) or contains(self.allowed_networks, address))",
        "True",
    ),
    Mutant(
        "IPv6 beyond global unicast is special",
        "networks.py",
        "isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST",
        "False",
    ),
    Mutant("no address with a scope", "networks.py", "address.scope_id is not None or ", ""),
    Mutant("IPv4-compatible addresses", "networks.py", "return ipv4_compatible or ", "return "),
    Mutant("ISATAP addresses", "networks.py", "or isatap or ", "or "),
    Mutant("ISATAP with either u bit", "networks.py", "0xFDFF_FFFF", "0xFFFF_FFFF"),
    Mutant("every answer of a look-up is checked", "door.py", "if not all(", "if not any("),
    Mutant(
        "addresses are checked before they are dialled",
        "door.py",
        "if not all(self._guard.permits(destination, address) for address in addresses):",
        "if False:",
    ),
    Mutant(
        "a redirect's target is judged",
        "door.py",
        "destination = self._guard.judge(resolve_reference(destination, reference))",
        "from chalicelib.outbound.destination import parse\n"
        "            destination = parse(resolve_reference(destination, reference)) or Refusal.INVALID",
    ),
    Mutant("webhooks follow no redirect", "door.py", " or not follow_redirects", ""),
    Mutant("at most 20 redirects", "door.py", "range(1 + MAX_REDIRECTS)", "range(10_000)"),
    Mutant(
        "credentials stay with their origin", "door.py", "same_origin=destination.origin == origin", "same_origin=True"
    ),
    Mutant(
        "a look-up ends at the deadline",
        "resolver.py",
        "answers.get(timeout=deadline.remaining_s())",
        "answers.get(timeout=9)",
    ),
    Mutant(
        "look-ups that hang are bounded", "resolver.py", "BoundedSemaphore(MAX_LOOK_UPS)", "BoundedSemaphore(10**6)"
    ),
    Mutant("few addresses are tried", "client.py", "MAX_ADDRESSES = 4", "MAX_ADDRESSES = 400"),
    Mutant(
        "connections share the time left",
        "client.py",
        "share_s = deadline.remaining_s() / (len(candidates) - tried)",
        "share_s = 1.0",
    ),
    Mutant(
        "a handshake ends at the deadline",
        "client.py",
        "secured.settimeout(deadline.remaining_s())",
        "secured.settimeout(3)",
    ),
    Mutant(
        "sending ends at the deadline",
        "client.py",
        "            connection.settimeout(deadline.remaining_s())\n            rest",
        "            connection.settimeout(3)\n            rest",
    ),
    Mutant(
        "receiving ends at the deadline",
        "client.py",
        "        connection.settimeout(deadline.remaining_s())\n        protocol",
        "        connection.settimeout(3)\n        protocol",
    ),
    Mutant("few interim responses", "client.py", "MAX_INTERIM_RESPONSES = 16", "MAX_INTERIM_RESPONSES = 10**9"),
    Mutant(
        "a head is small", "client.py", "max_incomplete_event_size=MAX_HEAD_BYTES", "max_incomplete_event_size=10**9"
    ),
    Mutant("a body is capped", "client.py", "while len(body) <= max_body_bytes:", "while True:"),
    Mutant(
        "the certificate is for the URL's name",
        "client.py",
        "server_hostname=destination.host,",
        'server_hostname="other.example.com",',
    ),
    Mutant(
        "verification cannot be turned off",
        "client.py",
        "tls is not None and not (tls.check_hostname",
        "False and not (tls.check_hostname",
    ),
    Mutant(
        "TLS 1.2 at least",
        "client.py",
        "max(context.minimum_version, ssl.TLSVersion.TLSv1_2)",
        "context.minimum_version",
    ),
    Mutant("a cut TLS connection ends no body", "client.py", "suppress_ragged_eofs=False", "suppress_ragged_eofs=True"),
    Mutant(
        "connections are closed after one exchange",
        "client.py",
        '("Connection", "close")',
        '("Connection", "keep-alive")',
    ),
]


def mutants() -> list[Mutant]:
    """All of them: every line of every table, and every rule that is code."""
    return [*(mutant for file, table in _TABLES for mutant in _lines(file, table)), *_RULES]


def _lines(file: str, table: str) -> Iterator[Mutant]:
    source = (DOOR / file).read_text("utf-8")
    start = source.index(f"\n{table} ") if f"\n{table} " in source else source.index(f"\n{table}:")
    body = source[start : source.index("\n\n", start + 1)]
    for entry in re.findall(r'"[^"\n]+"', body):
        # With the table's name in front, since an entry may stand in two tables.
        shortened = body.replace(f"{entry}, ", "", 1) if f"{entry}, " in body else body.replace(f"{entry},", "", 1)
        if shortened == body:
            shortened = body.replace(f", {entry}", "", 1)
        yield Mutant(f"{table.strip('_').lower().replace('_', ' ')}: {entry.strip(chr(34))}", file, body, shortened)


def survives(mutant: Mutant) -> bool:
    """Whether every test passes without the rule."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(
            ROOT / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__", "site")
        )
        shutil.copytree(
            ROOT / "tests" / "outbound", folder / "tests" / "outbound", ignore=shutil.ignore_patterns("__pycache__")
        )
        path = folder / "chalicelib" / "outbound" / mutant.file
        source = path.read_text("utf-8")
        if source.count(mutant.old) != 1 or mutant.old == mutant.new:
            raise ValueError(f"the rule '{mutant.rule}' is not where it was in {mutant.file}")
        path.write_text(source.replace(mutant.old, mutant.new), "utf-8")
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = . tests/outbound\n", "utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ""}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=300, check=False)
        if done.returncode not in (0, 1, 2):
            raise RuntimeError(done.stdout.decode()[-2000:])
        return done.returncode == 0


def survivors() -> list[str]:
    """The rules whose absence no test notices. Takes minutes."""
    everyone = mutants()
    with ThreadPoolExecutor(2) as pool:
        return [mutant.rule for mutant, alive in zip(everyone, pool.map(survives, everyone), strict=True) if alive]
