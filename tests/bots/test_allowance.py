"""Ten answers a day: what counts as one, and what begins the count anew."""

from api.access.refusals import NotLinked
from api.access.schemas import Trusted
from api.client.access import TRUSTED
from api.client.requests import SHOW
from tests.bots.test_texting import Phone


async def test_a_no_to_linking_does_not_begin_the_count_anew():
    phone = Phone(linked=False)
    for turn in range(5):
        assert "Do you agree?" in await phone.says("/link" if turn % 2 else "1")
        assert "nothing is kept" in await phone.says("2" if turn % 2 else "not now")
    assert "ten times a day" in await phone.says("0")
    assert await phone.says("1") == ""


async def test_what_is_said_when_the_core_is_back_is_one_of_the_ten():
    phone = Phone()
    for turn in range(8):
        assert await phone.says(f"1 {'G' if turn % 2 else ''}")
    phone.wire.away = True
    assert "We cannot reach" in await phone.says("/bill")
    phone.wire.away = False
    assert "Bill for Aban" in await phone.wakes()
    assert "ten times a day" in await phone.says("3")


async def test_after_the_tenth_answer_a_talk_waits_for_another_day():
    phone = Phone()
    for turn in range(9):
        assert await phone.says(f"1 {'G' if turn % 2 else ''}")
    phone.wire.away = True
    assert "We cannot reach" in await phone.says("/bill")
    phone.wire.away = False
    assert await phone.wakes() == ""
    phone.player.now += 86_400
    assert "Bill for Aban" in await phone.says("0 please")


async def test_a_request_of_a_number_that_nobody_knows_begins_with_linking():
    phone = Phone(linked=False)

    def unknown(**_facts: object) -> None:
        raise NotLinked

    phone.wire.answers[SHOW] = unknown
    assert "Do you agree?" in await phone.says("5 4820193370")
    await phone.says("1")
    await phone.says("0012345679")
    await phone.says("Tir 1403")
    said = await phone.says("123456")
    assert "is now linked to you" in said
    assert "number of the request" in said


async def test_a_code_sends_no_summary_but_the_one_that_was_read():
    phone = Phone()
    await phone.says("/unlink")
    assert "We sent a code" in await phone.says("1")
    phone.player.now += 7_200
    said = await phone.says("123456")
    assert "This number is linked to you" in said, "its facts are read anew, and it is shown again"
    assert phone.wire.changes("/v1/access/unlink") == 0
    await phone.says("1")
    assert "no longer linked" in await phone.says("123 456")


async def test_a_code_for_a_summary_that_is_gone_answers_no_other_question():
    phone = Phone()
    await phone.says("/unlink")
    assert "We sent a code" in await phone.says("1")
    phone.player.now += 7_200
    phone.wire.answers[TRUSTED] = Trusted(items=[], chats=2)
    phone.wire.away = True
    await phone.says("123456")
    phone.wire.away = False
    assert "What shall end?" in await phone.says("123456"), "it woke the talk, and was no answer"
    assert "1. This chat" in await phone.says("654321")
    assert phone.wire.changes("/v1/access/unlink") == 0
