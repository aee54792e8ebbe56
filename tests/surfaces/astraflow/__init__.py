"""AstraFlow as its manual says, and what the manual leaves open."""
