"""Sluice's Lambda entry points: a table of contents. Everything is decided in `chalicelib`."""

from __future__ import annotations

from typing import Any

from chalice import Chalice, Rate

from chalicelib import settings, workers
from chalicelib.surfaces.asimov.routes import surface as asimov
from chalicelib.surfaces.astraflow.routes import surface as astraflow
from chalicelib.surfaces.asyncflow.routes import surface as asyncflow
from chalicelib.surfaces.asyncqueue.routes import surface as asyncqueue
from chalicelib.surfaces.oauth.routes import surface as oauth
from chalicelib.surfaces.operator.routes import surface as operator
from chalicelib.surfaces.site.routes import surface as site

# The logger of this name is ours (chalicelib.telemetry): the framework would silence it.
app = Chalice(app_name="sluice", configure_logs=False)
names = settings.names()

app.register_blueprint(asyncqueue.register("/v1"))
app.register_blueprint(asyncflow.register("/asyncflow"))
app.register_blueprint(asimov.register("/api", "/api/tasks"))
app.register_blueprint(oauth.register("/oauth", "/.well-known"))
app.register_blueprint(astraflow.register("/api/v1"))
app.register_blueprint(operator.register("/operator"))
app.register_blueprint(site.register("", "/docs"))


@app.on_sqs_message(queue=names.tasks_queue, batch_size=10, maximum_concurrency=50)
def attempt(event: Any) -> dict[str, Any]:
    """Make the attempts that the tasks queue calls for."""
    return workers.attempts(event.to_dict(), event.context.get_remaining_time_in_millis())


@app.on_sqs_message(queue=names.webhooks_queue, batch_size=10, maximum_concurrency=20)
def webhook(event: Any) -> dict[str, Any]:
    """Send the completion webhooks that the webhooks queue calls for."""
    return workers.webhooks(event.to_dict(), event.context.get_remaining_time_in_millis())


@app.on_sqs_message(queue=names.dead_letters_queue, batch_size=10, maximum_concurrency=5)
def rescue(event: Any) -> dict[str, Any]:
    """Settle what the queues and schedules could not deliver."""
    return workers.dead_letters(event.to_dict(), event.context.get_remaining_time_in_millis())


@app.schedule(Rate(1, unit=Rate.HOURS))
def backstop(event: Any) -> dict[str, Any]:
    """Begin the day's look for tasks that nobody will call, or carry it on."""
    return workers.backstop(event.context.get_remaining_time_in_millis())
