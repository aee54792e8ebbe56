"""Where AstraFlow's tokens come from: OAuth 2.0 by its RFCs."""
