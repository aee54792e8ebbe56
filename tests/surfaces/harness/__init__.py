"""What plays the examples of the manuals, and how their answers are compared."""
