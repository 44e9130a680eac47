"""What all tests share: property tests that try the same examples on every run."""

import os

import pytest
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


@pytest.hookimpl(tryfirst=True)  # before the runner reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share what is made for their module in one process: it is made once.

    Without that every process makes it, and anew each time it comes back to the module.
    """
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("xdist_group"):
            continue
        made = (one[-1] for one in item._fixtureinfo.name2fixturedefs.values())
        if any(one.scope == "module" and one.func.__module__.startswith("tests.") for one in made):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
