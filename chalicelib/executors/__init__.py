"""What one attempt does, one file per kind of work."""
