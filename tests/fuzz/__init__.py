"""Requests that nobody would write by hand, made from the descriptions by schemathesis."""
