"""The local stack: the Chalice app, its Lambda handlers and an AWS in memory, in one process.

`python -m infra.local` starts it; tests start `infra.local.stack.LocalStack`.
"""
