"""The four APIs as their callers meet them."""
