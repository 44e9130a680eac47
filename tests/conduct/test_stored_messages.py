"""A deviation keeps its sentence as data, beside the English; one without shows its text."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.messages import StoredMessage, StoredSeries
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.messages import Breach
from gradatim.conduct.state import Deviation, State
from gradatim.conduct.stored_messages import KNOWN, description_of, read_back, stored
from gradatim.core.dates import Duration, parse_day
from gradatim.core.errors import UnusableInput
from gradatim.core.message import (
    Argument,
    Label,
    Measure,
    Message,
    Number,
    Pair,
    Series,
    Template,
    Term,
    clauses,
)
from gradatim.core.quantity import Quantity
from gradatim.web.languages import why_broken
from tests.conduct.trials import START, event, simulated, state_until
from tests.web.test_localiser import HOLE

DAY = date(2026, 3, 14)
LATE = Breach.CONSENT_LATER(day=DAY)
TEMPLATES = sorted((one for kind in KNOWN for one in kind), key=lambda one: one.id)
FORMATS = st.sampled_from(["", "g", ".4g", "+.1%", ".10g"])
LEAVES = st.one_of(
    st.text(max_size=9),
    st.integers(-99, 99),
    st.dates(),
    st.builds(
        Number, st.integers(0, 99).map(float), st.sampled_from(["", "g", ".4g", "+.1%", ".10g"])
    ),
    st.builds(Quantity, st.integers(0, 99).map(float), st.just("kg"), st.sampled_from(["", "<"])),
    st.builds(Label, st.text(max_size=9), st.just("ast")),
    st.builds(Term, st.text(max_size=9)),
    st.builds(Measure, st.text(max_size=9)),
    st.just(parse_day("2026-03")),
    st.just(Duration(0, 14)),
)


def message_of(template: Template, values: list[Argument]) -> Message:
    holes = dict.fromkeys(hole.strip("{}") for hole in HOLE.findall(str(template.value)))
    return Message(template, {name: values[i % len(values)] for i, name in enumerate(holes)})


def message_or_series(of: st.SearchStrategy[Argument]) -> st.SearchStrategy[Argument]:
    some = st.lists(of, min_size=1, max_size=3)
    return st.one_of(
        st.builds(message_of, st.sampled_from(TEMPLATES), some),
        st.builds(Series, some.map(tuple), st.sampled_from(Pair), st.none(), st.booleans()),
    )


@given(message_or_series(st.recursive(LEAVES, message_or_series, max_leaves=6)))
def test_what_was_stored_says_the_same(message: Message | Series) -> None:
    """Through the bytes of the ledger, whatever fills the holes."""
    made = deviation(str(message)[:100], stored(message))
    back = decoded(encoded(made)[0])
    assert isinstance(back, ProtocolDeviation)
    assert back.message is not None
    assert str(read_back(back.message)) == str(message)


def deviation(description: str, message: Any = None) -> ProtocolDeviation:
    made = event(
        ProtocolDeviation,
        SYSTEM,
        rule="consent is in force",
        description=description,
        message=message,
    )
    assert isinstance(made, ProtocolDeviation)
    return made


def noted(made: ProtocolDeviation) -> Deviation:
    return Deviation(9, made.rule, made.description, None, None, False, "", made.message)


def test_the_deviations_of_a_trial_keep_their_messages() -> None:
    """Each says in English what is stored beside it."""
    found = simulated(1, until=START + timedelta(days=60)).state.deviations.values()
    assert [one for one in found if one.message is not None]
    for one in found:
        assert str(description_of(one)) == one.description


def test_one_without_a_message_shows_its_text() -> None:
    """As those have none that were recorded before, or by a person."""
    old = deviation("consent was given on 2026-03-14, after this")
    assert b"message" not in encoded(old)[0]
    assert description_of(noted(old)) == old.description


@pytest.mark.parametrize(
    "unknown",
    [
        StoredMessage(id="Breach.OF_A_LATER_VERSION", arguments={}),
        StoredMessage(id="Breach.CONSENT_LATER", arguments={"another": 1}),
        StoredMessage(id="Breach.NOTHING_TO_RENEW", arguments={"another": 1}),
    ],
)
def test_a_sentence_not_known_here_shows_its_text(unknown: StoredMessage) -> None:
    """The English beside it is what was said."""
    assert description_of(noted(deviation("what was said", unknown))) == "what was said"


def test_the_message_says_what_the_description_says() -> None:
    """Nobody reads another sentence in another language."""
    validate(State("t", mode="simulated"), deviation(str(LATE), stored(LATE)))
    with pytest.raises(UnusableInput, match="not the sentence of the description"):
        validate(State("t", mode="simulated"), deviation("all is well", stored(LATE)))


@pytest.mark.parametrize(
    "number", [Number(1.50000001, ".10g"), Number(float("inf")), Number(1.0, ".123g"), 10**30]
)
def test_no_entry_waits_for_its_message(number: Argument) -> None:
    """What cannot be kept as data is kept in English alone."""
    said = message_of(Breach.PAUSED, [number])
    made = deviation(str(said), stored(said))
    back = decoded(encoded(made)[0])
    assert str(description_of(noted(back))) == str(said)  # type: ignore[arg-type]


def test_a_message_nested_too_deep_is_not_read() -> None:
    """Whoever writes into the store cannot stop a page."""
    deep: Any = "x"
    for _ in range(5000):
        deep = StoredSeries(items=(deep,), pair=Pair.COMMA.id)
    assert description_of(noted(deviation("what was said", deep))) == "what was said"


def test_words_of_another_version_do_not_take_the_place_of_what_was_recorded() -> None:
    """A template may be put otherwise later."""
    before = noted(deviation("consent came later, on 2026-03-14", stored(LATE)))
    assert description_of(before) == "consent came later, on 2026-03-14"


def test_the_unknown_is_not_the_word_none() -> None:
    """A sentence that no catalogue has says nothing at all."""
    unknown = StoredMessage(id="Breach.OF_A_LATER_VERSION")
    with pytest.raises(UnusableInput, match="not the sentence of the description"):
        validate(State("t", mode="simulated"), deviation("None", unknown))


def test_what_somebody_wrote_is_no_message() -> None:
    """There is nothing to translate."""
    assert stored("written") is None
    assert stored("") is None


def test_pages_say_it_in_their_language() -> None:
    """New ones through the message, old ones in English, marked so."""
    state = state_until()
    both = clauses(LATE, Breach.NOTHING_TO_RENEW())
    new, old = (noted(deviation(str(both), kept)) for kept in (stored(both), None))
    with translation.override("zh-hans"):
        said, left = why_broken(state, new), why_broken(state, old)
    assert said.text == "知情同意于2026-03-14取得，晚于本项操作；此前没有取得知情同意"
    assert not said.original
    assert (left.text, left.original) == (str(both), True)


def test_it_is_plain_data() -> None:
    """A program reads it without this one."""
    plain = msgspec.to_builtins(deviation(str(LATE), stored(LATE)))["message"]
    assert plain == {
        "is": "message",
        "id": "Breach.CONSENT_LATER",
        "arguments": {"day": {"is": "day", "on": "2026-03-14"}},
    }
