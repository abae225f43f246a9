"""What messengers send, however broken, becomes neutral; only one's own number is one's own."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from api.kit.language import Language, _
from api.kit.speech import Speech
from bots.adapters.bale import BaleAdapter
from bots.adapters.bot_api import BotApiAdapter
from bots.adapters.telegram import TelegramAdapter
from bots.dialogues import collected
from bots.offers import AUDIENCES
from bots.serving import commands, description
from bots.talk import Contact, File, Sent
from bots.wording import DESCRIPTIONS
from notifier.channels.settings import BotSettings
from tests.sandbox.conftest import TOKEN, a_desk

ME = {"id": 12, "is_bot": False, "first_name": "م"}
HERE = {"id": 12, "type": "private", "first_name": "م"}


LIBRARIES: dict[str, type[TelegramAdapter | BaleAdapter]] = {
    "telegram": TelegramAdapter,
    "bale": BaleAdapter,
}


def an_adapter(messenger: str) -> TelegramAdapter | BaleAdapter:
    secret = SecretStr("")
    return LIBRARIES[messenger](
        BotSettings("employers", messenger, SecretStr("1:t"), "http://127.0.0.1:9", "", secret, "")
    )


@pytest.fixture(scope="module", params=LIBRARIES)
def adapter(request: pytest.FixtureRequest) -> TelegramAdapter | BaleAdapter:
    return an_adapter(request.param)


def a_message(**parts: Any) -> dict[str, Any]:
    return {
        "update_id": 5,
        "message": {"message_id": 1, "date": 1, "chat": HERE, "from": ME} | parts,
    }


def a_card(**parts: Any) -> dict[str, Any]:
    return {"phone_number": "989121234567", "first_name": "م", "user_id": 12} | parts


FORWARDED = {"forward_origin": {"type": "user", "date": 1, "sender_user": ME}}
GROUP = {"id": -5, "type": "supergroup", "title": "گ"}


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (a_message(text="سلام"), Sent(text="سلام")),
        (a_message(text="/start"), Sent(start="")),
        (a_message(text="/start about-K7Q2M4XD"), Sent(start="about-K7Q2M4XD")),
        (a_message(text="/starting"), Sent(text="/starting")),
        (a_message(dice={"emoji": "🎲", "value": 1}), Sent()),
        (a_message(contact=a_card()), Sent(contact=Contact("+989121234567", own=True))),
        (a_message(contact=a_card(user_id=13)), Sent(contact=Contact("+989121234567", own=False))),
        (
            a_message(contact={"phone_number": "0912", "first_name": "م"}),
            Sent(contact=Contact("0912", own=False)),
        ),
        (
            a_message(contact=a_card(), **FORWARDED),
            Sent(contact=Contact("+989121234567", own=False)),
        ),
        (a_message(contact=a_card(), chat=GROUP), Sent(private=False)),
        (a_message(text="سلام", chat=GROUP), Sent(private=False)),
        (a_message(text="سلام", **{"from": ME | {"is_bot": True}}), None),
        ({"update_id": 5, "edited_message": a_message(text="x")["message"]}, None),
        ({"update_id": 5}, None),
        ({"update_id": 5, "message": {"chat": HERE}}, Sent()),
        ({"update_id": 5, "message": {"chat": GROUP}}, Sent(private=False)),
        # Dialects: old words for forwarding, ids as text, what the libraries insist on left out.
        (
            a_message(contact=a_card(), forward_date=1, forward_from=ME),
            Sent(contact=Contact("+989121234567", own=False)),
        ),
        (
            a_message(contact=a_card(user_id="12"), chat=HERE | {"id": "12"}),
            Sent(contact=Contact("+989121234567", own=True)),
        ),
        (
            a_message(contact={"phone_number": 989121234567, "user_id": 12}),
            Sent(contact=Contact("+989121234567", own=True)),
        ),
        ({"update_id": 0, "message": {"from": {"id": 12}, "chat": HERE, "text": "a"}}, Sent("a")),
        ({"update_id": 0, "message": {"from": ME, "chat": {"id": 12}, "text": "a"}}, Sent("a")),
        (a_message(chat={"id": 13}, text="a"), Sent(private=False)),
        (a_message(chat=HERE | {"type": "channel"}, text="a"), Sent(private=False)),
        (
            a_message(document={"file_id": 7, "file_name": "list.zip", "file_size": "12"}),
            Sent(file=File("7", "list.zip", 12, "application/octet-stream")),
        ),
        (
            a_message(photo=[{"file_id": "a", "width": 1, "height": 2}, {"file_id": "b"}, None]),
            Sent(file=File("a", "", 0, "image/jpeg")),
        ),
        (a_message(text="a", invoice={"title": "no currency"}), Sent("a")),
        (a_message(text="a", reply_to_message={"text": "no number"}), Sent("a")),
        (a_message(location={"latitude": "north", "longitude": 51.4}), Sent()),
        ({"update_id": 5, "pre_checkout_query": {"id": "1", "from": ME}}, None),
    ],
)
def test_an_update_becomes_neutral(adapter: BotApiAdapter, raw: dict[str, Any], sent: Sent | None):
    assert adapter.read(raw) == sent


def test_a_tap_carries_its_data_and_waits_to_be_acknowledged(adapter: BotApiAdapter):
    query = {"id": "77", "from": ME, "chat_instance": "1", "data": "1.kind|first"}
    raw = {"update_id": 1, "callback_query": query | {"message": a_message()["message"]}}
    assert adapter.read(raw) == Sent(tap="1.kind|first", acknowledge="77")
    assert adapter.chat_of(raw) == "12"
    assert adapter.chat_of({"update_id": 1, "callback_query": query}) == "12", "an old message"


def test_a_tap_of_a_dialect_is_a_tap(adapter: BotApiAdapter):
    raw = {"update_id": 1, "callback_query": {"id": 77, "from": {"id": 12}, "data": "1.kind|first"}}
    assert adapter.read(raw) == Sent(tap="1.kind|first", acknowledge="77")
    assert adapter.chat_of(raw) == "12"
    raw["callback_query"]["message"] = {"message_id": 3, "chat": GROUP}  # type: ignore[index]
    assert adapter.read(raw) == Sent(tap="1.kind|first", acknowledge="77", private=False)


def test_a_text_nested_without_end_holds_up_nobody(adapter: BotApiAdapter):
    text: Any = {"type": "anchor", "name": "a"}
    for _deep in range(60):
        text = {"type": "underline", "text": text}
    rich = {"blocks": [{"type": "footer", "text": text}]}
    assert adapter.read(a_message(rich_message=rich, text="a")) == Sent("a")


def test_blocking_the_bot_is_leaving(adapter: BotApiAdapter):
    bot = ME | {"is_bot": True}
    change = {
        "chat": HERE,
        "from": ME,
        "date": 1,
        "old_chat_member": {"user": bot, "status": "member"},
        "new_chat_member": {"user": bot, "status": "kicked", "until_date": 0},
    }
    assert adapter.read({"update_id": 1, "my_chat_member": change}) == Sent(left=True)


def test_the_number_of_an_update_is_a_number(adapter: BotApiAdapter):
    assert adapter.update_id({"update_id": 5}) == 5
    for broken in ("5", None, 1 << 70, (1 << 63) - 1, 1.5, True):
        assert adapter.update_id({"update_id": broken}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "chat",
                    "id",
                    "type",
                    "from",
                    "text",
                    "contact",
                    "message",
                    "data",
                    "user_id",
                    "date",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["message", "callback_query", "my_chat_member", "poll"]), JSON)
def test_no_update_is_broken_enough_to_raise(adapter: BotApiAdapter, kind: str, inner: Any):
    raw = {"update_id": 1, kind: inner}
    adapter.read(raw)
    assert adapter.chat_of(raw) is None or adapter.chat_of(raw)
    json.dumps(raw)


def test_what_a_store_cannot_take_is_left_out():
    sent = Sent(text="a\ud800\x00b", start="\udfff" * 100).cleaned()
    assert sent.text == "ab"
    assert sent.start == ""


async def test_every_bot_is_introduced_in_the_messengers_own_codes_of_languages():
    async with a_desk() as desk:
        introduced = TelegramAdapter(
            BotSettings("employers", "telegram", SecretStr(TOKEN), desk.url, "", SecretStr(""), "")
        )
        try:
            assert await introduced.offer_commands(commands(collected(), introduced))
            assert await introduced.describe(description(introduced))
            bot = introduced.channel.bot
            everybody = await bot.get_my_commands()
            for code, language in {"fa": "fa", "en": "en", "ar": "ar", "ku": "ckb"}.items():
                speech = Speech(Language(language))
                menu = await bot.get_my_commands(language_code=code)
                assert speech.word(_("My debts")) in [one.description for one in menu]
                said = speech.word(DESCRIPTIONS["employers"])
                assert (await bot.get_my_description(language_code=code)).description == said
                short = await bot.get_my_short_description(language_code=code)
                assert short.short_description == said
            assert everybody == await bot.get_my_commands(language_code="fa")
        finally:
            await introduced.close()


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("language", Language)
def test_what_a_bot_is_for_fits_where_a_messenger_shows_it(audience: str, language: Language):
    """120 letters, of the Bot API's setMyShortDescription."""
    assert len(Speech(language).word(DESCRIPTIONS[audience])) <= 120
