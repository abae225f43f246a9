"""By SMS: every transcript of the pretended core, and what is SMS's own."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.access.refusals import NotLinked
from api.client import Core, bills, records
from api.client.access import UNLINK
from api.client.debts import MINE
from api.client.identity import UNLOCK
from api.client.notices import CHECK
from api.client.requests import SHOW
from api.debts.rules import Kind, State, Step
from api.debts.schemas import DebtOut, DebtPage
from api.errors import Refusal
from api.identity.schemas import Unlocked
from api.kit.language import Language
from api.kit.sms import parts
from api.notices.schemas import Genuine
from api.requests.refusals import RequestNotFound
from bots.texting import CONSENT_PARTS, PARTS, SHORT_PARTS, Texting
from tests.bots import test_people, test_trials, trials
from tests.bots.insured import a_bill
from tests.bots.phones import NUMBER, SmsPlayer
from tests.bots.pretend import CHILDREN, GRANTS
from tests.bots.texting import heard_of, play_by_sms
from tests.support import make

HERE = Path(__file__).parent


def _trial() -> tuple[Core, Any]:
    knocker = trials.new_knocker()
    return trials.new_core(knocker), knocker


@pytest.mark.parametrize("path", test_trials.PATHS, ids=lambda path: path.stem)
async def test_a_trial_goes_as_written(path: Path, endless: None):
    await play_by_sms(path, dialogues=trials.DIALOGUES, core=_trial, also=test_trials._ALSO)


@pytest.mark.parametrize("path", test_people.PATHS, ids=lambda path: path.stem)
async def test_a_talk_of_insured_people_goes_as_written(path: Path, endless: None):
    found = await play_by_sms(
        path, dialogues=test_people.DIALOGUES, core=test_people._core, also=test_people._ALSO
    )
    assert found > 1


# Amounts with their unit, and the names that the pretended core knows.
_AMOUNT = re.compile(r"[0-9۰-۹][0-9۰-۹,٬]* (?:rials|tomans|ریال|تومان)")
_NAMES = ("***" + " ا***", "آ***", "س***", "م***", "سپیده", "کارگاه نان", "1234567001127")


@pytest.mark.parametrize("path", test_people.PATHS, ids=lambda path: path.stem)
async def test_without_a_pin_no_amount_and_no_name_is_said(path: Path, endless: None):
    heard = await heard_of(
        path, dialogues=test_people.DIALOGUES, core=test_people._core(), also=test_people._ALSO
    )
    assert heard
    for text in heard:
        assert not _AMOUNT.search(text), text
        assert not any(name in text for name in _NAMES), text
        assert "http" not in text


@pytest.mark.parametrize("pin", [False, True], ids=["without_pin", "with_pin"])
@pytest.mark.parametrize("language", Language)
async def test_no_answer_is_longer_than_its_budget(
    language: Language,
    pin: bool,  # noqa: FBT001 - a parameter of the test.
    endless: None,
):
    for path in test_people.PATHS:
        for text in await heard_of(
            path,
            dialogues=test_people.DIALOGUES,
            core=test_people._core(),
            also=test_people._ALSO,
            language=language,
            pin=pin,
        ):
            assert parts(text) <= PARTS, text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("number", ["0", "1", "2", "3", "6 K7Q2-M4XD", "salam"])
async def test_a_number_of_the_menu_is_answered_shortly(language: Language, number: str):
    said = await Phone(language=language).says(number)
    assert 0 < parts(said) <= SHORT_PARTS, said


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("number", ["1", "2"], ids=["people", "employers"])
async def test_consent_is_asked_for_shortly(language: Language, number: str):
    said = await Phone(linked=False, language=language).says(number)
    assert 0 < parts(said) <= CONSENT_PARTS, said


async def test_a_greeting_without_a_pin_names_nobody():
    phone = Phone(linked=False)
    phone.wire.grants = list(CHILDREN)
    for text in ("1", "1", "0012345679", "Tir 1403"):
        await phone.says(text)
    said = await phone.says("123456")
    assert said.startswith("Welcome. This number is now linked to you.\nFor your 2 children")
    assert "***" not in said


async def test_what_was_not_understood_is_not_paid_for_twice():
    phone = Phone()
    asked = await phone.says("/bill")
    again = await phone.says("salam")
    assert again.startswith("We did not understand that. Please send a number:\n1. Pay")
    assert "Bill for Aban" in asked
    assert "Bill for Aban" not in again


class Phone:
    """An insured employer with one bill and a gap, who writes SMS in English."""

    def __init__(self, *, linked: bool = True, language: str = "en") -> None:
        self.core, self.wire = test_people._core()
        self.wire.linked = linked
        self.wire.grants = list(GRANTS)
        self.wire.person.bills = [a_bill(1)]
        self.wire.answers |= {
            door: self._for_the_linked(self.wire.answers[door])
            for door in (bills.MINE, records.MINE)
        }
        self.wire.answers[UNLINK] = None
        self.wire.answers[CHECK] = Genuine(genuine=True, day=make.TODAY, subject="your bill")
        self.wire.answers[SHOW] = self._for_the_linked(RequestNotFound())
        self.wire.answers[MINE] = DebtPage(
            items=[a_debt()], count=1, total=78_000_000, as_of=make.TODAY
        )
        self.player = SmsPlayer(test_people.DIALOGUES, self.core, "people", language)

    def _for_the_linked(self, answer: Any) -> Any:
        def answered(**facts: Any) -> Any:
            if not self.wire.linked:
                raise NotLinked
            if isinstance(answer, Refusal):
                raise answer
            return answer(**facts) if callable(answer) else answer

        return answered

    async def says(self, text: str) -> str:
        heard = await self.player.send(self.player.raw("text", text))
        return "\n".join(one.text for one in heard)

    async def rings(self) -> str:
        return "\n".join(one.text for one in await self.player.call())

    async def wakes(self) -> str:
        return "\n".join(one.text for one in await self.player.wake())


def a_debt() -> DebtOut:
    return DebtOut(
        id=UUID(int=5),
        number_tail="7304",
        period_from="1405-04",
        period_to="1405-05",
        total=78_000_000,
        objection_until=make.TODAY + timedelta(days=20),
        state=State.OPEN,
        step=Step.NOTICE,
        kind=Kind.DEFINITE,
    )


async def test_the_record_is_one_line():
    said = await Phone().says("1")
    assert said == ("Insured for 2 years and 1 month, up to Aban 1405.\n4 months are missing: 1 G.")
    assert parts(said) == 1
    assert "Months without insurance" in await Phone().says("1 G")
    assert (await Phone().says("سابقه")).startswith("Insured for")
    assert (await Phone().says("REC")).startswith("Insured for")


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["سجلي", "سابقتي", "پێشینەکەم", "پێشینە", "Rec"], "Insured for"),
        (["1 نقص", "۱ نواقص", "١ بۆشایی", "1 بوشايي", "۱ خالی", "سجلي ناقص"], "Months without"),
        (["بۆشایی", "بوشایی", "نواقص", "خالی"], "Months without"),
        (["ديوني", "بدهی", "قەرزەکانم", "چەند قەرزدارم", "كم علي", "DEBT"], "2 workplaces"),
        (["فاتورتي", "قبض", "قەبزەکەم", "كم أدفع", "bill"], "Bill for Aban"),
        (["رمزي", "رمز پیامک", "رمز", "ڕەمزی پەیامک", "رهمز", "PIN"], "Which four digits"),
        (["مساعدة", "ڕێنمایی", "راهنما", "HELP"], "1. Record"),
    ],
    ids=["record", "gaps", "gaps_alone", "debts", "bill", "pin", "help"],
)
async def test_a_command_is_known_in_every_language(texts: list[str], answer: str):
    for text in texts:
        assert answer in await Phone().says(text), text


async def test_debts_are_counted_and_with_the_pin_named():
    phone = Phone()
    said = await phone.says("2")
    assert said.startswith("2 workplaces of yours have a debt.\nObjections until 1 Dey.")
    assert "rials" not in said
    assert "*4521" not in said
    said = await phone.says("2 4831")
    assert "*4521 کارگاه نان سپیده: 78,000,000 rials" in said
    assert "rials" not in await phone.says("بدهی"), "it was for one answer"


async def test_a_bill_is_open_and_with_the_pin_has_its_numbers():
    phone = Phone()
    said = await phone.says("۳")
    assert said.startswith("Bill for Aban 1405 is open, until 30 Azar.")
    assert "4,250,000" not in said
    assert "4,250,000 rials, bill id 1234567001127, payment id 425008119" in await phone.says(
        "3 ۴۸۳۱"
    )


async def test_the_pin_of_another_one_on_the_phone_ends_what_was_open():
    phone = Phone()
    await phone.says("/bill")
    phone.wire.answers[UNLOCK] = Unlocked(changed=True)
    assert "*4521" in await phone.says("2 4831"), "the debts, and no line of the other one's bill"
    assert "4,250,000 rials" in await phone.says("3 4831")


async def test_a_wrong_pin_opens_nothing():
    phone = Phone()
    said = await phone.says("3 4832")
    assert said == "The PIN was not right. You can try 4 more times."


async def test_the_menu_is_of_numbers_that_work_at_any_time():
    phone = Phone()
    said = await phone.says("0")
    assert [line[:2] for line in said.splitlines()] == [f"{n}." for n in range(1, 8)]
    assert await phone.says("?") != ""
    assert (await phone.says("7")).startswith("What would you like to do?")
    assert (await phone.says("bill")).startswith("Bill for Aban")
    assert (await phone.says("7")).startswith("What would you like to do?"), "no menu before it"


async def test_an_unknown_word_costs_one_line():
    assert await Phone().says("salam") == "We did not understand that. Send 0 for the menu."


@pytest.mark.parametrize("text", ["دفتر العلاج", "دەفتەرچە", "دفترچه", "BOOK", "4"])
def test_the_booklet_is_known_in_every_language(text: str):
    found = Texting._command(Phone().player._conversation(), text)  # type: ignore[arg-type]
    assert found is not None
    assert found[0].name == "booklet"


async def test_free_words_are_asked_about_and_one_digit_or_the_pin_answers():
    phone = Phone()
    said = await phone.says("I need the number of my bill")
    assert said.startswith("Do you mean “My bill”?".replace("“", '"').replace("”", '"'))
    assert parts(said) == 1
    assert "4,250,000 rials" in await phone.says("1 4831")
    phone = Phone()
    await phone.says("I need the number of my bill")
    assert "The PIN was not right" in await phone.says("1 4832")
    assert (await phone.says("yes")).startswith("We did not understand")
    assert (await phone.says("2")).startswith("2 workplaces")


async def test_numbers_answer_the_question_that_is_open():
    phone = Phone()
    await phone.says("/bill")
    assert "Contribution: " in await phone.says("2"), "not the debts"
    assert (await phone.says("0")).startswith("1. Record")
    assert (await phone.says("2")).startswith("2 workplaces")


async def test_a_missed_call_is_the_record_and_answers_nothing():
    phone = Phone()
    assert (await phone.rings()).startswith("Insured for")
    await phone.says("/bill")
    assert "1. Pay" in await phone.rings()


async def test_a_check_code_is_asked_in_the_same_message():
    assert "Yes, it is from us" in await Phone().says("6 K7Q2-M4XD")


async def test_what_changes_something_is_sent_by_a_code():
    phone = Phone()
    await phone.says("/unlink")
    said = await phone.says("1")
    assert said.startswith("We sent a code to 0999***0501.")
    assert phone.wire.changes("/v1/access/unlink") == 0
    assert "The code was not right" in await phone.says("000000")
    assert "the digits of the code" in await phone.says("yes")
    assert phone.wire.changes("/v1/access/unlink") == 0
    assert "no longer linked" in await phone.says("123 456")
    assert phone.wire.changes("/v1/access/unlink") == 1


async def test_ten_answers_a_day_then_one_sentence_then_silence():
    phone = Phone()
    for turn in range(10):
        assert await phone.says(f"1 {'G' if turn % 2 else ''}") != ""
    assert "ten times a day" in await phone.says("2")
    assert await phone.says("3") == ""
    assert await phone.rings() == ""
    phone.player.now += 86_400
    assert (await phone.says("3")).startswith("Bill for Aban")


async def test_a_code_that_came_back_begins_the_count_anew():
    phone = Phone()
    for turn in range(7):
        await phone.says(f"1 {'G' if turn % 2 else ''}")
    await phone.says("/unlink")
    await phone.says("1")
    await phone.says("123456")
    assert await phone.says("0") != ""
    assert await phone.says("1") != ""


async def test_a_machine_is_not_answered():
    phone = Phone()
    assert await phone.says("I am away") != ""
    assert await phone.says("I am away") != ""
    assert await phone.says("I am away") == ""
    other = Phone()
    ours = await other.says("salam")
    assert await other.says(ours) == ""


async def test_a_number_of_nobody_hears_what_concerns_nobody():
    phone = Phone(linked=False)
    for text in ("1", "2", "3", "5 1234567890"):
        said = await phone.says(text)
        assert "0999" not in said
        assert "rials" not in said
        await phone.says("cancel")
    menu = await phone.says("0")
    assert "Check a message" in menu
    assert "Record" not in menu


async def test_a_person_is_linked_by_sms_alone():
    phone = Phone(linked=False)
    said = await phone.says("1")
    assert "You see your record" in said
    assert "Do you agree?" in said
    assert "national code" in await phone.says("1"), "the number is known"
    await phone.says("0012345679")
    await phone.says("Tir 1403")
    assert "is now linked to you" in await phone.says("123456")
    claimed = next(facts for door, facts, _knock in phone.wire.calls if door.endswith("claims"))
    assert claimed["phone"] == NUMBER
    assert {knock.chat for door, _facts, knock in phone.wire.calls if "claims" in door} == {
        f"sms:people:{NUMBER}"
    }


async def test_by_sms_nobody_is_asked_to_choose_among_names_that_are_not_said():
    phone = Phone(linked=False)
    for text in ("1", "1"):
        await phone.says(text)
    asked = await phone.says("0012345679")
    assert "first on your record" in asked
    assert "I do not know it" not in asked


async def test_debts_are_asked_as_an_employer():
    phone = Phone()
    await phone.says("2")
    asked = {knock.chat for door, _f, knock in phone.wire.calls if door.endswith("/v1/debts")}
    assert asked == {f"sms:employers:{NUMBER}"}
