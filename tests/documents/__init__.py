"""The documentation does what it says: what it shows is run, and what it lists is complete."""
