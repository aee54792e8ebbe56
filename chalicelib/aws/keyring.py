"""Data keys wrapped by KMS. Each is stored once, wrapped, on the table of the tasks; in the clear it is in memory only.

A data key costs one call of KMS to make and one for each process to unwrap. The context it is wrapped with is that of
its place, so that a wrapped key that was moved unwraps nowhere, and the log of KMS says whose key was asked for.
"""

from __future__ import annotations

from chalicelib.aws import keys
from chalicelib.aws.attributes import binary, binary_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError, call
from chalicelib.aws.table import Table, Written
from chalicelib.domain.errors import SpoiledError, UnavailableError

_UNMADE = "attribute_not_exists(#pk)"
#: What KMS answers when a wrapped key is not what it made for this context, or with another key of its own.
_SPOILED = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


class AwsKeyRing:
    """The port `KeyRing`. One read, and one call of KMS; one write more for a key that is made."""

    def __init__(self, clients: Clients, table: str, kms_key: str, stage: str) -> None:
        self._clients = clients
        self._table = Table(clients, table)
        self._kms_key = kms_key
        self._stage = stage

    def key(self, holder: str, generation: int, *, make: bool) -> bytes | None:
        """The key, the same for all who ask: of two who make it at once, one takes the other's."""
        place = keys.data_key(holder, generation)
        context = {"stage": self._stage, "holder": holder, "generation": str(generation)}
        item = self._table.get(place)
        if item is None and make:
            made = self._ask("generate_data_key", KeySpec="AES_256", EncryptionContext=context)
            written = self._table.put({**place, "wrapped": binary(made["CiphertextBlob"])}, _UNMADE)
            if isinstance(written, Written):
                plain: bytes = made["Plaintext"]
                return plain
            item = written.item
        if item is None:
            return None
        unwrapped = self._ask("decrypt", CiphertextBlob=binary_of(item["wrapped"]), EncryptionContext=context)
        opened: bytes = unwrapped["Plaintext"]
        return opened

    def _ask(self, operation: str, **parameters: object) -> dict[str, bytes]:
        """One call of KMS. Whatever it refuses but a spoiled key passes once somebody has put it right: a key that was
        disabled, a grant that is missing. Until then nothing is opened, and nothing is lost."""
        try:
            answer: dict[str, bytes] = call(getattr(self._clients.kms, operation), KeyId=self._kms_key, **parameters)
        except RejectedCallError as rejected:
            if rejected.code in _SPOILED:
                raise SpoiledError("data key") from None
            raise UnavailableError(str(rejected)) from None
        return answer
