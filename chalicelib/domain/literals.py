"""The credentials that the manuals print. On the local stage they work as they stand; no other stage may hold one."""

from __future__ import annotations

#: The key in AsyncQueue's examples.
ASYNCQUEUE_KEY = "your-api-key"
#: The default key of AsyncFlow's manual.
ASYNCFLOW_KEY = "asyncflow-api-key"
#: The tokens in the examples of AstraFlow's SDKs.
ASTRAFLOW_TOKENS = frozenset({"YOUR_TOKEN", "YOUR_TOKEN_HERE"})

LITERALS = frozenset({ASYNCQUEUE_KEY, ASYNCFLOW_KEY}) | ASTRAFLOW_TOKENS
