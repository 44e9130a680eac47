"""What all tests share: property tests that try the same examples on every run."""

import os

from hypothesis import HealthCheck, settings

from tests.engines import (  # noqa: F401
    engine,
    linguistic_postgres,
    linguistic_server,
    postgres,
    postgres_server,
    spark_session,
)

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# Another search each time: HYPOTHESIS_PROFILE=explore make test
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
