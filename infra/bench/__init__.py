"""What a task costs: the calls, units and dollars of every path, counted at the edge of AWS.

`python -m infra.bench` prints the figures and compares them with `docs/cost.md` and
`docs/cost-per-task.md`; `--write` renews these pages.
"""
