"""What other people's rules say about the template of a deployment: `make lint-template`."""
