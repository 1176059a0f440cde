"""Benches: each row of figures is a subject beside its floor, the least code that could do that work, in turn.

`python -m tests.bench NAME` prints medians, their ratio, and whether that is enough.
Absolute figures depend on the machine and its neighbours; only ratios within one run count. Never part of a timed test.
"""
