"""AsyncQueue: HTTP callbacks with delays, retries and completion webhooks; teams and their keys."""
