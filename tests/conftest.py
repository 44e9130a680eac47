"""What all tests share: property tests that try the same examples on every run."""

import os

from hypothesis import HealthCheck, settings

from tests.engines import engine, postgres, postgres_server, spark_session  # noqa: F401

settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
# Another search each time: HYPOTHESIS_PROFILE=explore make test
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
