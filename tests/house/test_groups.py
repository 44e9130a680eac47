"""Tests that share what is made once, as a server or many texts, run in one process."""

import pytest


@pytest.mark.xdist_group("kept-together")
def test_a_group_is_kept_together(request: pytest.FixtureRequest) -> None:
    """The runner names the group behind the test; where it does not, each is made twice."""
    asked = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@kept-together") is bool(asked)


@pytest.fixture(scope="module")
def made_once() -> object:
    """What is made for this module."""
    return object()


def test_a_module_that_makes_something_is_kept_together(
    request: pytest.FixtureRequest, made_once: object
) -> None:
    asked = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@tests/house/test_groups.py") is bool(asked)


def test_what_shares_nothing_is_in_no_group(request: pytest.FixtureRequest) -> None:
    assert "@" not in request.node.nodeid
