"""Small apps that tell what they were asked."""

from __future__ import annotations

import time

from chalice.app import Chalice, Response


def toy() -> Chalice:
    """An app that tells what it was asked."""
    app = Chalice(app_name="toy")

    def echo() -> Response:
        request = app.current_request.to_dict()
        event = app.current_request._event_dict
        seen = {
            "method": request["method"],
            "body": event["body"] if len(event["body"] or "") < 100 else len(event["body"]),
            "base64": event.get("isBase64Encoded", False),
            "bytes": len(app.current_request.raw_body),
            "left_ms": app.current_request.lambda_context.get_remaining_time_in_millis(),
            "request_id": app.current_request.context["requestId"],
        }
        return Response(seen, status_code=200)

    def read(name: str) -> dict[str, str]:
        return {"name": name}

    def slow() -> dict[str, str]:
        time.sleep(0.2)
        return {"path": app.current_request.path}

    app.route("/echo", methods=["GET", "POST", "HEAD"], content_types=["*/*"])(echo)
    app.route("/things/{name}", methods=["GET"])(read)
    app.route("/slow", methods=["GET"])(slow)
    return app
