"""Buttons that open pages and places on a map: beside their sentence, kept sealed, never where a channel has none."""

from api.kit.language import Language
from api.kit.message import Button, Pin, Wants
from api.kit.speech import Speech
from bots.reply import Line, Reply, messages, split
from notifier.channels.mouths import Capabilities
from tests.bots import trials
from tests.bots.players import TerminalPlayer

EN = Speech(Language.EN)
PAGE = "https://pay.example/month/a-token-of-many-letters"
REPLY = Reply("Pay.", lines=(Line("1.x|0", "line 0"),), links=(Button("Pay", url=PAGE),))


async def test_an_address_is_never_kept_in_clear():
    knocker = trials.new_knocker()
    person = TerminalPlayer(trials.DIALOGUES, trials.new_core(knocker), "people", "en")
    await person.send({"chat": "501", "text": "/premium"})
    [heard] = await person.send({"chat": "501", "text": "1"})
    assert heard.links == (("Pay", PAGE),)
    assert "a-token" not in person.state
    assert "pay.example" not in person.state


def test_a_link_stands_above_the_list_of_the_question():
    message = REPLY.message(EN, Capabilities(length=100, buttons=True, links=True))
    assert message.buttons == ((Button("Pay", url=PAGE),), (Button("line 0", "1.x|0"),))
    assert message.text == "Pay."


def test_without_buttons_the_address_is_written():
    message = REPLY.message(EN, Capabilities(length=100, links=True))
    assert message.text == f"Pay.\n\nPay: {PAGE}\n\n1. line 0"


def test_a_channel_without_links_is_told_no_address():
    for buttons in (True, False):
        message = REPLY.message(EN, Capabilities(length=100, buttons=buttons))
        assert PAGE not in f"{message.text} {message.buttons}"


def test_a_link_stays_where_the_keyboard_shares_a_number():
    asks = Reply("Pay.", links=REPLY.links, wants=Wants.CONTACT, wants_label="Share")
    message = asks.message(EN, Capabilities(length=100, buttons=True, contact=True, links=True))
    assert message.wants is Wants.CONTACT
    assert message.buttons == ((Button("Pay", url=PAGE),),)


def test_a_long_reply_keeps_its_links_once():
    parts = split(Reply("\n\n".join(["x" * 1000] * 3), links=REPLY.links))
    assert [part.links for part in parts] == [(), (), REPLY.links]


HERE = Pin(35.7, 51.34, "Branch 12", "Azadi")
THERE = Pin(35.72, 51.36, "Branch 14", "Azadi")


def test_each_place_is_a_message_of_its_own_before_the_list():
    asked = Reply("Which?", lines=REPLY.lines, pins=(HERE, THERE))
    first, second, last = messages(split(asked), EN, Capabilities(length=100, pins=True))
    assert (first.pin, second.pin, last.pin) == (HERE, THERE, None)
    assert first.text == "Branch 12\nAzadi\ngeo:35.7,51.34"
    assert (first.buttons, last.text) == ((), "Which?\n\n1. line 0")


def test_a_channel_without_maps_is_shown_no_place():
    (only,) = messages(split(Reply("Which?", pins=(HERE,))), EN, Capabilities(length=100))
    assert (only.text, only.pin) == ("Which?", None)
