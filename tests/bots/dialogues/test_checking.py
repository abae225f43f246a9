"""The check code as people type it."""

import pytest

from bots.dialogues.checking import a_bare_code, a_check_code
from bots.talk import Unclear


@pytest.mark.parametrize(
    "typed", ["K7Q2-M4XD", "k7q2m4xd", "K7Q2 – M4XD", "k7 q2 m4 xd", "K۷Q۲-M۴XD"]
)
def test_a_check_code_is_read_in_any_form(typed):
    assert a_check_code(typed) == "K7Q2M4XD"


@pytest.mark.parametrize("typed", ["", "K7Q2", "K7Q2-M4XD-1", "کد بررسی", "U7Q2-M4XD"])
def test_what_is_no_check_code_is_asked_again(typed):
    with pytest.raises(Unclear):
        a_check_code(typed)


def test_the_code_of_a_paper_is_read_too():
    typed = "4sfh-3zag-g404-3w1v"
    assert a_check_code(typed) == a_bare_code(typed) == "4SFH3ZAGG4043W1V"


@pytest.mark.parametrize("typed", ["K7Q2-M4XD", "k7q2m4xd", "RACK-MXDS", "rack — mxds", "K۷Q۲M۴XD"])
def test_a_bare_code_is_found(typed):
    assert a_bare_code(typed) is not None


@pytest.mark.parametrize("typed", ["services", "K7Q2", "my code is K7Q2-M4XD", "1398/04", "بدهی"])
def test_another_message_is_no_bare_code(typed):
    assert a_bare_code(typed) is None
