"""The manuals whose examples are played, in the order in which the results are published."""

from __future__ import annotations

from surfaces.asimov.manual import ASIMOV
from surfaces.astraflow.manual import ASTRAFLOW
from surfaces.asyncflow.manual import ASYNCFLOW
from surfaces.asyncqueue.manual import ASYNCQUEUE
from surfaces.harness.manual import cases

MANUALS = (ASYNCQUEUE, ASYNCFLOW, ASTRAFLOW, ASIMOV)
CASES = cases(MANUALS)
