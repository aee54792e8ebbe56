"""The whole product on one machine, over a folder of its own: no AWS, and what was acknowledged outlives the process.

`python -m infra.serve` starts it.
"""
