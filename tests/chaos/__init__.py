"""Chaos: the real processes, killed, frozen and robbed of their broker's data while people sign up over HTTP.

`python -m tests.chaos --seed 1 --minutes 1` ends with a table of what was promised and what came of it. The books are
kept outside of what dies: by the clients (what was accepted), by the SMTP server (what it took), and by triggers in the
databases (which effects happened, in which order); see verdict.py for what is compared.
"""
