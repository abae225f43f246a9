"""What was found is printed, and a fail ends the command with 1."""

import pytest
import typer

from api.kit import checkup

WELL = [checkup.ok("keys", "are there"), checkup.warn("gateway", "is not set", "set it")]


def test_what_is_well_is_printed_and_ends_nothing(capsys: pytest.CaptureFixture[str]):
    checkup.tell(WELL, as_json=False)
    assert capsys.readouterr().out == "ok   keys: are there\nwarn gateway: is not set; set it\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_fail_is_printed_and_ends_the_command(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
):
    with pytest.raises(typer.Exit) as ended:
        checkup.tell([*WELL, checkup.fail("store", "is not there", "migrate")], as_json=as_json)
    assert ended.value.exit_code == 1
    assert "is not there" in capsys.readouterr().out
