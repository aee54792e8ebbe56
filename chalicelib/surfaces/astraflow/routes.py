"""Every endpoint of AstraFlow: a table of contents."""

from __future__ import annotations

from chalicelib.surfaces.astraflow import tasks, users, webhooks
from chalicelib.surfaces.astraflow.edge import surface

__all__ = ["surface", "tasks", "users", "webhooks"]
