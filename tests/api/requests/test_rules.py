"""Numbers of requests: read as people type them, and wrong ones found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.kit.identifiers import BadIdentifier, Reason
from api.requests import rules

nines = st.integers(100_000_000, 999_999_999)


@given(nines)
def test_number_is_read_as_it_was_made(first):
    number = rules.numbered(first)
    assert number.startswith(str(first))
    assert rules.request_number(number) == number


@given(nines, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_found(first, place, more):
    number = rules.numbered(first)
    wrong = str((int(number[place]) + more) % 10)
    with pytest.raises(BadIdentifier) as found:
        rules.request_number(number[:place] + wrong + number[place + 1 :])
    assert found.value.reason is Reason.CHECK_DIGIT


@pytest.mark.parametrize("typed", ["4820193370", "۴۸۲۰ ۱۹۳ ۳۷۰", " 4820-193-370 ", "٤٨٢٠١٩٣٣٧٠"])
def test_number_is_read_in_any_digits_and_groups(typed):
    assert rules.request_number(typed) == "4820193370"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", Reason.EMPTY),
        (" - ", Reason.EMPTY),
        ("482019337", Reason.LENGTH),
        ("48201933700", Reason.LENGTH),
        ("48201933a0", Reason.NOT_DIGITS),
        ("²820193370", Reason.CHECK_DIGIT),
        ("०820193370", Reason.NOT_DIGITS),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(typed, reason):
    with pytest.raises(BadIdentifier) as found:
        rules.request_number(typed)
    assert found.value.reason is reason


def test_subject_of_a_request_is_read_back():
    assert rules.number_in(rules.about("4820193370")) == "4820193370"
    assert rules.number_in("bill:4820193370") is None
