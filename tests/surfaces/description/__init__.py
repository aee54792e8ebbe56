"""What the app does and what `docs/openapi` says are the same."""
