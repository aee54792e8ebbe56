"""The API on this machine: Chalice's own local server, made to behave like API Gateway in front of Lambda.

Kept from Chalice: routing, events, CORS preflights. Added: API Gateway's size limit, the template's words for what no
route answers, bodies that are not text, compression, answers to HEAD without a body, keep-alive without the 40 ms of
Nagle's algorithm, and silence when a client goes away.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import logging
import socket
import uuid
from http import HTTPStatus
from threading import Thread
from typing import Any

from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    CustomLocalChalice,
    LambdaEventConverter,
    LocalChalice,
    LocalGateway,
    LocalGatewayException,
    RouteMatcher,
    ThreadedHTTPServer,
)

from infra import gateway
from infra.host.compression import coding, compressed
from infra.host.functions import Context, memory_size, time_limit

log = logging.getLogger("sluice.local")

#: API Gateway's payload limit, in bytes.
BODY_LIMIT = 10 * 1024 * 1024
#: How much of a refused body is read away, so that its sender gets to read the answer, and how long that may take.
_DRAIN_BYTES = 64 * 1024 * 1024
_DRAIN_S = 2.0
_CHUNK = 64 * 1024
#: The function behind the API, by Chalice's name for it.
_API_FUNCTION = "api_handler"
_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class BodyError(Exception):
    """A request whose body cannot be taken."""

    def __init__(self, status: HTTPStatus, body: str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


class _NoSuchPathError(LocalGatewayException):  # type: ignore[misc]
    CODE = gateway.responses()[gateway.NO_SUCH_PATH].status

    def __init__(self) -> None:
        body = gateway.responses()[gateway.NO_SUCH_PATH].body
        super().__init__({"X-Request-Id": str(uuid.uuid4()), "Content-Type": "application/json"}, body.encode())


class _EventConverter(LambdaEventConverter):  # type: ignore[misc]
    def create_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        try:
            event: dict[str, Any] = super().create_lambda_event(method, path, headers, body)
        except ValueError:
            # Chalice would go on to repeat the request's credential, as API Gateway does.
            raise _NoSuchPathError from None
        event["requestContext"]["requestId"] = str(uuid.uuid4())
        if isinstance(event["body"], bytes):
            # Lambda gets text; what is none travels as base64.
            try:
                event["body"] = event["body"].decode("utf-8")
            except UnicodeDecodeError:
                event["body"] = base64.b64encode(event["body"]).decode("ascii")
                event["isBase64Encoded"] = True
        return event


class _Gateway(LocalGateway):  # type: ignore[misc]
    def __init__(self, app: Any, config: Config) -> None:
        super().__init__(app, config)
        self.event_converter = _EventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)
        #: How many bytes an answer must have to be compressed; None: none is.
        self.least_compressed: int | None = config.minimum_compression_size
        self._time_limit_s = time_limit(config, _API_FUNCTION)
        self._memory_size = memory_size(config, _API_FUNCTION)

    def _generate_lambda_context(self) -> Context:
        return Context(_API_FUNCTION, time_limit_s=self._time_limit_s, memory_limit_in_mb=self._memory_size)


class _Handler(ChaliceRequestHandler):  # type: ignore[misc]
    disable_nagle_algorithm = True
    # One segment for headers and body.
    wbufsize = -1
    server_version = "Sluice"

    def __init__(self, request: Any, client_address: Any, server: Any, gateway: _Gateway) -> None:
        # The gateway is made once, not once a connection as Chalice does.
        self.local_gateway = gateway
        super(ChaliceRequestHandler, self).__init__(request, client_address, server)

    def version_string(self) -> str:
        """The header `Server`, without the versions of what it is made of."""
        return self.server_version

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the app logs its own requests."""

    def send_error(self, code: int, *_details: str | None) -> None:
        """Answer a request that could not even be parsed, without repeating it."""
        self._refuse(HTTPStatus(code), _error(HTTPStatus(code).phrase))

    def handle_expect_100(self) -> bool:
        """Ask for the body, unless it will be refused anyway."""
        with contextlib.suppress(BodyError):
            self._content_length()
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
            self.wfile.flush()
        return True

    def _generic_handle(self) -> None:
        try:
            super()._generic_handle()
        except BodyError as refused:
            self._refuse(refused.status, refused.body)
            self._drain()
        except OSError:
            raise  # the client is gone
        except Exception:
            log.exception("gateway failed", extra={"fields": {"method": self.command}})
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, gateway.responses()[gateway.FAILED].body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _parse_payload(self) -> tuple[dict[str, str], bytes | None]:
        headers = dict(self.headers)
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return headers, self._read_chunks()
        length = self._content_length()
        body = self.rfile.read(length) if length else None
        if body is not None and len(body) < length:
            raise ConnectionResetError("the client went away in the middle of its request")
        return headers, body

    def _content_length(self) -> int:
        text = self.headers.get("Content-Length", "0").strip()
        if not (text.isascii() and text.isdigit()):
            raise BodyError(HTTPStatus.BAD_REQUEST, _error("Content-Length is not a number"))
        if int(text) > BODY_LIMIT:
            raise _too_large()
        return int(text)

    def _read_chunks(self) -> bytes:
        """A body in chunks (RFC 9112, section 7.1), within the limit."""
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(_CHUNK).partition(b";")[0], 16)
            except ValueError:
                raise BodyError(HTTPStatus.BAD_REQUEST, _error("a chunk has no length")) from None
            if size < 0 or len(body) + size > BODY_LIMIT:
                raise _too_large()
            body += self.rfile.read(size)
            if size == 0:
                while self.rfile.readline(_CHUNK).strip():
                    pass  # trailers
                return bytes(body)
            self.rfile.readline(_CHUNK)

    def _send_http_response(self, code: int, headers: dict[str, Any], body: str | bytes | None) -> None:
        if code in _WITHOUT_BODY:
            # RFC 9110, section 8.6: a length would be that of another answer, or there is none to tell.
            self.send_response(code)
            self._send_headers(headers)
            return
        super()._send_http_response(code, headers, body)

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: str | bytes) -> None:
        body = body.encode("utf-8") if isinstance(body, str) else body
        name = coding(self.headers["Accept-Encoding"], len(body), self.local_gateway.least_compressed)
        if name is not None and "Content-Encoding" not in headers:
            body = compressed(body, name)
            headers["Content-Encoding"] = name
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
        self._send_headers(headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, body: str) -> None:
        """Answer without the app and close: what is left of the request cannot be made sense of."""
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("X-Request-Id", str(uuid.uuid4()))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())
        self.wfile.flush()

    def _drain(self) -> None:
        """Read the rest of the request away: closing on unread data would reset the connection under the answer."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_DRAIN_S)
            left = _DRAIN_BYTES
            while left > 0 and (read := len(self.rfile.read1(_CHUNK))):
                left -= read


def _error(text: str) -> str:
    return json.dumps({"error": text}, separators=(",", ":"))


def _too_large() -> BodyError:
    return BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, gateway.responses()[gateway.TOO_LARGE].body)


class _Server(ThreadedHTTPServer):  # type: ignore[misc]
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news, and nothing else gets past the handler."""


class ApiServer(Thread):
    """Serves a Chalice app on a socket that listens already."""

    def __init__(self, app: Any, config: Config, listener: socket.socket) -> None:
        super().__init__(name="api", daemon=True)
        if not isinstance(app, LocalChalice):
            # As `chalice local` does: the current request becomes a matter of each thread.
            CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
            app.__class__ = CustomLocalChalice
        handler = functools.partial(_Handler, gateway=_Gateway(app, config))
        self._server = _Server(listener.getsockname(), handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener

    def run(self) -> None:
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Accept no more connections. Requests in hand run on; their threads do not keep the process alive."""
        self._server.shutdown()
        self._server.server_close()
        self.join()
