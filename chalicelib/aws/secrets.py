"""Secrets of the deployment, from the SSM Parameter Store and Secrets Manager."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError, call
from chalicelib.domain.errors import UnavailableError
from chalicelib.settings.references import PARAMETER, SECRET, Missing

#: GetParameters takes so many names.
_BATCH = 10
_NOT_THERE = "there is none of this name"


class AwsSecrets:
    """Reads what references point to: one call for every ten parameters, and one for each secret."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def __call__(self, references: Sequence[str]) -> dict[str, str | Missing]:
        """The secret of each reference, or why it could not be read."""
        parameters = [each.removeprefix(PARAMETER) for each in references if each.startswith(PARAMETER)]
        secrets = [each.removeprefix(SECRET) for each in references if each.startswith(SECRET)]
        return {
            **{f"{PARAMETER}{name}": value for name, value in self._parameters(parameters)},
            **{f"{SECRET}{name}": self._secret(name) for name in secrets},
        }

    def _parameters(self, names: Sequence[str]) -> Iterator[tuple[str, str | Missing]]:
        for first in range(0, len(names), _BATCH):
            batch = list(names[first : first + _BATCH])
            try:
                answer = call(self._clients.ssm.get_parameters, Names=batch, WithDecryption=True)
            except (RejectedCallError, UnavailableError) as error:
                yield from ((name, Missing(_reason(error, "ssm:GetParameters"))) for name in batch)
                continue
            # A version that was asked for is told apart from the name.
            found = {each["Name"] + each.get("Selector", ""): each["Value"] for each in answer["Parameters"]}
            plain = {each["Name"]: each["Value"] for each in answer["Parameters"]}
            for name in batch:
                value = found.get(name, plain.get(name.rpartition(":")[0] or name))
                yield name, Missing(_NOT_THERE) if value is None else value

    def _secret(self, reference: str) -> str | Missing:
        name, _, member = reference.partition("#")
        try:
            answer = call(self._clients.secretsmanager.get_secret_value, SecretId=name)
        except (RejectedCallError, UnavailableError) as error:
            return Missing(_reason(error, "secretsmanager:GetSecretValue"))
        text: str | None = answer.get("SecretString")
        if text is None:
            return Missing("it is binary, and has to be text")
        if not member:
            return text
        try:
            return msgspec.json.decode(text, type=dict[str, str])[member]
        except (msgspec.DecodeError, KeyError):
            return Missing(f"it is no JSON object of texts with a member {member}")


def _reason(error: RejectedCallError | UnavailableError, action: str) -> str:
    if isinstance(error, UnavailableError):
        return "AWS did not answer"
    if error.code in ("AccessDeniedException", "AccessDenied"):
        return f"this function's role does not allow {action} on it"
    return _NOT_THERE if error.code in ("ResourceNotFoundException", "ParameterNotFound") else error.code
