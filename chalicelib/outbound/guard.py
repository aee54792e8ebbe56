"""Which URLs and addresses may be called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.outbound.destination import Destination, parse
from chalicelib.outbound.networks import Address, Network, contains, is_never_called, is_public

#: Where HTTP is served on purpose. Any other port may speak something else that can be talked into harm.
PORTS = frozenset({80, 443, 8080, 8443})

#: Names that never lead to the public Internet, with everything below them.
_SPECIAL_DOMAINS = frozenset(
    {
        "localhost",  # RFC 6761
        "invalid",  # RFC 6761
        "test",  # RFC 6761
        "local",  # RFC 6762
        "intranet",  # RFC 6762, appendix G, as the next five
        "internal",  # reserved by ICANN too, 2024
        "private",
        "corp",
        "home",
        "lan",
        "mail",  # never to be delegated, as corp and home: ICANN, 2018
        "onion",  # RFC 7686
        "alt",  # RFC 9476
        "arpa",  # RFC 3172; home.arpa is RFC 8375
        "localdomain",  # hosts files, as the next two; Lambda's own listeners
        "localdomain4",
        "localdomain6",
        "svc",  # Kubernetes services, as the next two
        "default",
        "cluster",
        "consul",  # HashiCorp Consul's services
    }
)


class Refusal(StrEnum):
    """Why a URL is not called."""

    #: No valid http or https URL.
    INVALID = "invalid"
    #: A valid URL, whose address, name or port this deployment does not call.
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets calls out to the public Internet alone, and to the `allowed_networks` an operator opened.

    Inside those networks the port and name rules are lifted too. `own_hosts` are names under which this deployment
    answers itself: a task that calls them could multiply without end.
    """

    allowed_networks: tuple[Network, ...] = ()
    own_hosts: tuple[str, ...] = ()

    def judge(self, url: str) -> Destination | Refusal:
        """Judge a URL by its text alone; nothing is looked up.

        A name passes with any port when networks are opened: whether it leads into them is seen when it is resolved.
        """
        destination = parse(url)
        if destination is None:
            return Refusal.INVALID
        if destination.address is not None:
            permitted = self.permits(destination, destination.address)
        else:
            permitted = bool(self.allowed_networks) or _is_ordinary(destination)
        return destination if permitted and not self._is_self(destination) else Refusal.BLOCKED

    def permits(self, destination: Destination, address: Address) -> bool:
        """Whether `destination` may be called at `address`, one of those it resolved to."""
        return self.allows(address) and (_is_ordinary(destination) or contains(self.allowed_networks, address))

    def allows(self, address: Address) -> bool:
        """Whether the address may be dialled at all. Metadata services never may."""
        return not is_never_called(address) and (contains(self.allowed_networks, address) or is_public(address))

    def _is_self(self, destination: Destination) -> bool:
        return destination.host in {host.lower().removesuffix(".") for host in self.own_hosts}


def _is_ordinary(destination: Destination) -> bool:
    return destination.port in PORTS and (destination.address is not None or _is_public_name(destination.host))


def _is_public_name(name: str) -> bool:
    labels = name.split(".")
    return len(labels) > 1 and labels[-1] not in _SPECIAL_DOMAINS
