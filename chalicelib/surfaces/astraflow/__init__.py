"""AstraFlow: items, users and webhooks of application teams, over OAuth 2.0."""
