"""The report on the outbound door: `make outbound-report` writes `docs/outbound-report.md`.

What is the same on every machine is kept current by a test; times, memory, mutations and the comparison are as they
were when the report was last made.
"""
