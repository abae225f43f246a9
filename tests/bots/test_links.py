"""Buttons that open pages: beside their sentence, sealed in the log, never on a channel without links."""

from api.kit.language import Language, Speech
from api.kit.message import Button, Wants
from bots.reply import Line, Reply, split
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
