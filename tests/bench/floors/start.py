"""The floor of starting: the four apps made in bare Python, and nothing else."""

from __future__ import annotations

import importlib

from shared.config import SERVICES

for service in SERVICES:
    importlib.import_module(f"services.{service}").create_app()
