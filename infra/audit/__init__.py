"""Looks for weaknesses in the code and in what it is made of, with tools of its own environment: `make audit`."""
