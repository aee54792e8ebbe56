"""An AWS in memory: moto behind its lock, for this process and, over HTTP, for others."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import boto3
from moto import mock_aws
from moto.core.models import responses_mock
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.moto_lock import MotoLock

#: moto's own account, and the region of everything local.
ACCOUNT = "123456789012"
REGION = "us-east-1"

#: Access key and secret: moto takes any.
_DUMMIES = ("local", "local")

_CONFIG = {
    "core": {
        # The environment has its own dummies; whoever reads it must find those.
        "mock_credentials": False,
        "passthrough": {"urls": [], "services": []},
        "reset_boto3_session": True,
        "service_whitelist": None,
    }
}


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running AWS: the door to its state, and a client of this process for each service."""

    lock: MotoLock
    client: Callable[[str], Any]


@contextmanager
def local_aws() -> Iterator[LocalAws]:
    """An empty AWS for every SDK client of this process that has no endpoint of its own."""
    with MotoLock() as lock, mock_aws(config=_CONFIG):
        # moto also catches `requests`, which nobody here uses for AWS; plain HTTP is left alone.
        responses_mock.stop(allow_assert=False)
        yield LocalAws(lock, _client)


@functools.cache
def _client(service: str) -> Any:
    """One client a service for the whole process: making one costs more than a hundred calls."""
    return boto3.session.Session(*_DUMMIES, region_name=REGION).client(service)


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


class AwsServer(Thread):
    """The same AWS over HTTP, on a socket that listens already."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(name="aws", daemon=True)
        host, port = listener.getsockname()
        application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            host, port, application, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()
        )
        # The server works on a duplicate of the socket.
        listener.close()

    def run(self) -> None:
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Accept no more connections."""
        self._server.shutdown()
        self.join()
