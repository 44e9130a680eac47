"""Private keys as they are kept: opened by password and secret, for whom they are, and not else."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gradatim.web.accounts.models import SigningKey
from gradatim.web.accounts.wrapping import MARK, Cost, unwrap, wrap

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHEAP = Cost(1, 8, 1)
words = st.text(st.characters(codec="utf-8"), max_size=40)
whom = st.binary(max_size=20)


@given(words, whom, words)
def test_what_is_wrapped_is_opened_and_fits_its_column(password: str, whose: bytes, secret: str):
    kept = wrap(KEY, password, whose, secret, CHEAP)
    found = unwrap(kept, password, whose, ["before", secret])
    assert found is not None
    assert found.private.private_bytes_raw() == KEY.private_bytes_raw()
    assert found.cost == CHEAP
    longest = SigningKey._meta.get_field("sealed").max_length
    assert longest is not None
    assert len(kept) <= longest
    assert KEY.private_bytes_raw().hex() not in kept
    assert wrap(KEY, password, whose, secret, CHEAP) != kept, "each time another"


@given(words, whom, words, words, whom, words)
def test_no_other_password_owner_or_secret_opens_it(
    password: str, whose: bytes, secret: str, other: str, others: bytes, another: str
):
    kept = wrap(KEY, password, whose, secret, CHEAP)
    found = unwrap(kept, other, others, [another])
    assert (found is not None) == ((password, whose, secret) == (other, others, another))


@given(st.integers(len(MARK), 130), st.sampled_from("AB09+/=:, é"))
def test_what_was_altered_is_not_opened(at: int, sign: str):
    """Nor does it cost more than it did: numbers that were altered are numbers of another key."""
    kept = wrap(KEY, "password", b"ann", "secret", CHEAP)
    altered = kept[:at] + sign + kept[at + 1 :]
    found = unwrap(altered, "password", b"ann", ["secret"])
    assert altered == kept or found is None


def test_numbers_that_no_run_can_have_open_nothing():
    held = wrap(KEY, "password", b"ann", "secret", CHEAP).rpartition(":")[2]
    for costs in (
        "0,8,1",
        "1,1,1",
        "1,8,0",
        "-1,8,1",
        "1,8",
        "1,8,1,1",
        "x,8,1",
        f"{2**40},8,1",
        "",
    ):
        assert unwrap(f"{MARK}:{costs}:{held}", "password", b"ann", ["secret"]) is None
