"""Every page answers, for every role, on either trial: no link leads to a fault."""

import re
from collections import Counter

import pytest

from gradatim.web.live_trial import Running
from tests.web.conftest import state

ROLES = (
    "sponsor.1",
    "investigator.S01.1",
    "pharmacist.S01.1",
    "nurse.S02.1",
    "committee.1",
    "data.1",
    "monitor.1",
    "statistics.1",
)
HREF = re.compile(r'href="([^"#]+)')
MOST_OF_A_KIND = 3


@pytest.mark.parametrize("user", ROLES)
def test_every_link_leads_to_a_page(either_app: Running, signed_in, user: str):
    """A page links only to what its user may see."""
    client, todo = signed_in(user), ["/"]
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    while todo:
        path = todo.pop(0)
        kind = re.sub(r"[A-Z]\d\d-[\w-]+|\d+", "#", path.split("?")[0])
        if path in seen or kinds[kind] >= MOST_OF_A_KIND:
            continue
        seen.add(path)
        kinds[kind] += 1
        response = client.get(path)
        assert response.status_code in (200, 302), f"{user}: {path}: {response.status_code}"
        if response.get("Content-Type", "").startswith("text/html"):
            links = [link.replace("&amp;", "&") for link in HREF.findall(response.content.decode())]
            here = path.split("?")[0]
            links = [here + link if link.startswith("?") else link for link in links]
            todo += [link for link in links if re.match(r"/(?!static/)", link)]
    assert len(seen) > 8


def test_nothing_names_a_person_to_those_who_do_not_treat(app: Running, signed_in):
    """Sealed values, their commitments and tokens stand on no page."""
    one = next(p for p in state(app).participants.values() if p.site == "S01")
    secret = [event for event in state(app).events.values() if hasattr(event, "person_token")]
    assert secret
    for user in ("monitor.1", "data.1", "sponsor.1"):
        client = signed_in(user)
        for path in ("/audit/", f"/entries/{one.position}/", f"/participants/{one.id}/history/"):
            text = client.get(path).content.decode()
            assert secret[0].person_token not in text
            assert "ciphertext" not in text
