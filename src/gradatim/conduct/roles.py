"""The roles of a trial, and the groups of them that rights are given to.

Every table of rights (what is recorded, what is seen, what is delegated where) is written in these
groups, so that a role has one place in each.
"""

from typing import get_args

from gradatim.protocol.duties import Role

ROLES: tuple[str, ...] = get_args(Role)
"""Every role there is."""

CLINICAL_STAFF = ("investigator", "coordinator", "nurse")
"""Who treats participants and visits them."""
PRODUCT_STAFF = ("pharmacist", "cell_lab")
"""Who keeps and prepares the product."""
SITE_STAFF = (*CLINICAL_STAFF, *PRODUCT_STAFF)
"""Everybody who works at a site."""
SPONSOR_STAFF = ("sponsor", "data_manager")
"""Who runs the trial for its sponsor."""
OVERSIGHT = ("sponsor", "monitor", "data_manager", "auditor")
"""Who watches over the trial and its data."""
TRIAL_WIDE = (
    "sponsor",
    "safety_committee",
    "data_manager",
    "statistician",
    "auditor",
    "coder",
)
"""Roles of the whole trial and of no site."""
