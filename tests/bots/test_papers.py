"""Papers that bots give: made when they leave, for who may have them then, and kept nowhere."""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.access.refusals import GrantEnded
from api.client import Core
from api.client.knock import Door
from api.errors import Unavailable
from api.kit import points
from api.kit.language import Language, _
from api.kit.message import Order, Paper
from api.kit.outcome import Unknown
from api.kit.sealing import Keyring
from api.kit.speech import Speech
from bots import papers
from bots.chat import Transcript, chat
from bots.leases import LEASE_SECONDS
from bots.memory import Memory
from bots.reply import Reply
from bots.tables import chats, replies
from bots.talk import Ask, Dialogues, Give, Option, dialogue
from notifier.channels.mouths import Capabilities
from tests.bots import trials
from tests.bots.bench import Bench, Killed, Mouth, until_dead
from tests.bots.conftest import Clock
from tests.bots.pretend import PretendKnocker

DRAWING = Door[Paper]("GET", "/trial/drawing", Paper)
PICTURE = Paper("year.png", b"the bytes of a picture", "image/png")
WORDS = "Three months of a year."


class Drawings:
    """The pretended feature's client."""

    def __init__(self, knock: PretendKnocker) -> None:
        self.knock = knock

    async def drawing(self) -> Paper:
        return await self.knock(DRAWING)


@dialogue("year", words=_("My year"), acting=True)
async def year(core: Core) -> None:
    await Give(core.drawings.drawing, _("Three months of a year."), picture=True)  # type: ignore[attr-defined]
    await Ask("more", _("Once more?"), [Option("yes", _("Yes")), Option("no", _("No"))])


@pytest.fixture
async def bench(memory: Memory, clock: Clock) -> Bench:
    """A chat that has a language, where a year can be drawn."""
    made = Bench(memory, clock, Dialogues([year]))
    made.knocker.answers[DRAWING] = PICTURE
    made.core.drawings = Drawings(made.knocker)  # type: ignore[attr-defined]
    for words in ("hi", "2"):
        await made.send(words)
    await made.settle()
    made.mouth.asked.clear()
    return made


async def test_a_picture_leaves_with_words_that_say_the_same_before_the_question(bench: Bench):
    await bench.send("/year")
    await bench.settle()
    picture, question = bench.mouth.asked
    assert (picture.text, picture.papers, picture.order) == (WORDS, (PICTURE,), None)
    assert "Once more?" in question.text
    [knocking] = [knock for path, _given, knock in bench.knocker.calls if "drawing" in path]
    assert (knocking.chat, knocking.language) == ("terminal:employers:1", "en")
    assert knocking.grant == str(bench.knocker.grants[0].id)


async def test_nothing_of_a_paper_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    kept: list[str] = []
    seal = Keyring.seal

    def sealed(keys: Keyring, text: str, **context: Any) -> bytes:
        kept.append(text)
        return seal(keys, text, **context)

    monkeypatch.setattr(Keyring, "seal", sealed)
    await bench.send("/year")
    await bench.settle()
    assert any("drawings.drawing" in text for text in kept)
    assert not any("the bytes" in text for text in kept)
    with bench.memory.store.reading() as connection:
        [state] = connection.execute(select(chats.c.state)).scalars()
    assert "drawing" not in state


@pytest.mark.parametrize("point", ["memory.turn.after", "memory.attempt.after", "bots.core.after"])
async def test_a_paper_is_delivered_though_the_process_dies_on_the_way(bench: Bench, point: str):
    deaths = 0

    def die() -> None:
        nonlocal deaths
        deaths += 1
        # The first call of the core asks who is there.
        if deaths == (2 if point.startswith("bots") else 1):
            raise Killed

    await bench.send("/year")
    points.arm(point, die)
    try:
        await until_dead(bench.worker())
    finally:
        points.disarm()
    bench.clock.pass_(LEASE_SECONDS + 1)
    await bench.settle()
    given = [one for one in bench.mouth.asked if one.papers]
    assert given
    assert {one.papers for one in given} == {(PICTURE,)}
    with bench.memory.store.reading() as connection:
        assert None not in connection.execute(select(replies.c.outcome)).scalars().all()


async def test_who_may_not_have_it_any_more_gets_neither_paper_nor_words(bench: Bench):
    def refuse() -> Paper:
        raise GrantEnded

    bench.knocker.answers[DRAWING] = refuse
    await bench.send("/year")
    await bench.settle()
    told = bench.mouth.asked[0]
    assert told.papers == ()
    assert WORDS not in told.text


async def test_a_core_that_is_busy_is_waited_for_and_then_the_words_go_alone(bench: Bench):
    def refuse() -> Paper:
        raise Unavailable("busy", retry_after=5.0)

    bench.knocker.answers[DRAWING] = refuse
    await bench.send("/year")
    await bench.settle()
    assert bench.mouth.asked == [], "worth waiting for"
    for _again in range(8):
        bench.clock.pass_(papers.WITHIN_SECONDS / 4)
        await bench.settle(times=1)
    told, question = bench.mouth.asked
    assert told.text == f"{WORDS}\n\n{papers.LATER.msgid}"
    assert "Once more?" in question.text


async def test_a_paper_that_is_too_large_is_told_and_not_sent(bench: Bench):
    class Narrow(Mouth):
        can = Capabilities(length=4096, buttons=True, papers=True, largest=4)

    bench.mouth = Narrow()
    await bench.send("/year")
    await bench.settle()
    told = bench.mouth.asked[0]
    assert (told.text, told.papers) == (f"{WORDS}\n\n{papers.TOO_LARGE.msgid}", ())


async def test_a_paper_of_which_nobody_knows_whether_it_came_is_made_anew_once(bench: Bench):
    bench.mouth.outcomes = [Unknown("timeout")]
    await bench.send("/year")
    await bench.settle()
    assert _drawn(bench) == 2
    assert [one.papers for one in bench.mouth.asked[:2]] == [(PICTURE,), (PICTURE,)]


def test_where_no_paper_is_shown_the_words_stand_alone():
    reply = Reply(WORDS, papers=((Order("a.b", True, None, "en"), WORDS),))
    said = reply.message(Speech(Language.EN), Capabilities(length=4096))
    assert (said.text, said.order) == (WORDS, None)


async def test_a_terminal_says_where_it_kept_a_paper(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO("/year\n"))
    knocker = trials.new_knocker()
    knocker.answers[DRAWING] = PICTURE
    core = trials.new_core(knocker)
    core.drawings = Drawings(knocker)  # type: ignore[attr-defined]
    await chat(
        Dialogues([year]),
        core,
        audience="employers",
        name="desk",
        language="en",
        channel="terminal",
        transcript=Transcript(None, ""),
    )
    path, content = the_file_in(tmp_path)
    assert content == PICTURE.content
    assert f"[{path}]" in capsys.readouterr().out


def the_file_in(folder: Path) -> tuple[Path, bytes]:
    [path] = folder.glob("*/year.png")
    return path, path.read_bytes()


def _drawn(bench: Bench) -> int:
    return sum(path.endswith("/trial/drawing") for path, _given, _knock in bench.knocker.calls)
