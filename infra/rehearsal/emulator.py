"""An AWS of its own for one rehearsal: on loopback, over TLS, with permissions enforced, gone at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LAUNCHER = Path(__file__).with_name("launch.py")
_HOST = "127.0.0.1"
REGION = "eu-central-1"
_START_S = 30
_STOP_S = 10
#: What of this machine's environment the emulator, and so the functions inside, may see.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL")


class Emulator:
    """Runs while it is entered. `python`: that of an environment that holds the emulator. `folder`: for its files."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._certificate = folder / "certificate.pem"
        self._bundle = folder / "bundle.pem"
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def __enter__(self) -> Self:
        port = _free_port()
        key = self._folder / "key.pem"
        _make_certificate(self._certificate, key)
        trusted = Path(os.environ.get("REQUESTS_CA_BUNDLE") or requests.utils.DEFAULT_CA_BUNDLE_PATH)
        self._bundle.write_bytes(trusted.read_bytes() + self._certificate.read_bytes())
        self.endpoint = f"https://{_HOST}:{port}"
        with (self._folder / "emulator.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._python, "-P", _LAUNCHER],
                env={
                    **{name: os.environ[name] for name in _KEPT if name in os.environ},
                    "AUTH": "true",
                    "BIND_HOST": _HOST,
                    "GATEWAY_PORT": str(port),
                    "TMPDIR": str(self._folder),
                    # Queue policies refuse what does not come over TLS.
                    "USE_SSL": "1",
                    "MINISTACK_SSL_CERT": str(self._certificate),
                    "MINISTACK_SSL_KEY": str(key),
                },
                stdout=log,
                stderr=log,
                # A group of its own, functions included: all of it is ended together.
                start_new_session=True,
            )
        try:
            self._wait(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def environment(self) -> dict[str, str]:
        """What leads the AWS SDK, and whatever else speaks TLS, to this AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CA_BUNDLE": str(self._certificate),
            # The operator's command, and pip, which still has to trust whom it trusted before.
            "REQUESTS_CA_BUNDLE": str(self._bundle),
        }

    @property
    def log(self) -> str:
        """What the emulator has said so far."""
        return (self._folder / "emulator.log").read_text("utf-8", errors="replace")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_S
        while time.monotonic() < end and process.poll() is None:
            try:
                if requests.get(f"{self.endpoint}/_ministack/health", verify=str(self._certificate), timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise RuntimeError(f"The emulator did not start:\n{self.log[-2000:]}")

    def _stop(self) -> None:
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(_STOP_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _make_certificate(certificate: Path, key: Path) -> None:
    """A certificate for loopback that signs itself and lives for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(_HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
