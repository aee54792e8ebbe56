"""What API Gateway answers by itself, without the app: as the template words it, and so the local server too.

One shape for all, `{"error": "..."}`: these answers know no conditions, so that they cannot tell whose path it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from infra.apply import load_template

#: Where API Gateway looks for them in the definition of an API.
EXTENSION = "x-amazon-apigateway-gateway-responses"
#: The types that the local server answers with, among those of API Gateway.
NO_SUCH_PATH = "MISSING_AUTHENTICATION_TOKEN"
TOO_LARGE = "REQUEST_TOO_LARGE"
FAILED = "DEFAULT_5XX"


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A status (None: whichever API Gateway has for the occasion), a JSON body, and headers of a fixed value."""

    status: HTTPStatus | None
    body: str
    headers: Mapping[str, str]


@cache
def responses() -> Mapping[str, GatewayResponse]:
    """The template's gateway responses by their types."""
    definition = load_template()["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return {name: _response(entry) for name, entry in definition[EXTENSION].items()}


def _response(entry: Mapping[str, Any]) -> GatewayResponse:
    headers = {
        name.removeprefix("gatewayresponse.header."): value.strip("'")
        for name, value in entry["responseParameters"].items()
        if value.startswith("'")
    }
    status = entry.get("statusCode")
    return GatewayResponse(
        None if status is None else HTTPStatus(int(status)), entry["responseTemplates"]["application/json"], headers
    )
