"""The programs here are read by type checkers, and not run."""

collect_ignore = ["engine.py", "networks.py"]
