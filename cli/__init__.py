"""The operator's command. It speaks the HTTP API only, so it works against a local and a deployed Sluice alike."""
