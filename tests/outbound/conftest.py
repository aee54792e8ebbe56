from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest
from outbound_scripts import ScriptedResolver
from outbound_servers import Authority

from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard

LOOPBACK = ip_network("127.0.0.0/8")
LOCALHOST = {"localhost": [["127.0.0.1"]]}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def local_door(authority: Authority) -> Door:
    """A door that is open to loopback, where the hostile servers are."""
    return Door(Guard((LOOPBACK,)), ScriptedResolver(LOCALHOST), Client(tls=authority.trusting()))


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
