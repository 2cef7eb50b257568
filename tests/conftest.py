"""What all tests share: the Hypothesis profiles dev, ci and thorough.

`HYPOTHESIS_PROFILE` picks one; without it, it is ci where `CI` is set and dev elsewhere.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

collect_ignore = ["benchmarks"]  # scripts, not tests

# A slow or busy machine must fail nothing.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", settings.get_profile("dev"), derandomize=True, database=None, print_blob=True
)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=2000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)
