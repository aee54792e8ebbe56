"""Every endpoint of the operator: a table of contents."""

from __future__ import annotations

from chalicelib.surfaces.operator import astraflow, asyncflow, dead_letters, tasks, teams
from chalicelib.surfaces.operator.edge import surface

__all__ = ["astraflow", "asyncflow", "dead_letters", "surface", "tasks", "teams"]
