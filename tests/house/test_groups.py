"""Tests that share what is made once, as a server or many texts, run in one process."""

import pytest


@pytest.mark.xdist_group("kept-together")
def test_a_group_is_kept_together(request: pytest.FixtureRequest) -> None:
    """The runner names the group behind the test; where it does not, each is made twice."""
    asked = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@kept-together") is bool(asked)
