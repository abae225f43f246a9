"""Somebody sends the paper of a theft; the bots die round its fetching, or the web as it is kept.

In the end one file is kept, whole, and the question that follows it was asked once.
"""

import base64
from typing import Any

from sqlalchemy import func, select, text

from api.files import service
from api.files.models import File
from tests.faults import country
from tests.faults.country import Contact
from tests.faults.nursery import Death, Process
from tests.faults.tally import Tally
from tests.faults.world import Opener, World
from tests.support import papers

# The language, a duplicate, stolen: after these the paper is asked for.
BEFORE = ("/start", "2", "/booklet", "4", "2")
ASKED = "Please send a photo or a PDF of it."
ANSWER = "How shall it reach you?"
# A core that is away is told, and the talk goes on by itself.
AWAY = ("We cannot reach the information right now.", "We are back.")

KEPT = "door.files.keep"
"""Reached by the web; the others by the bots."""
POINTS = ("bots.file", "bots.core", "memory.turn", KEPT)

_HOLDER = country.holder(1)
_PAPER = papers.png()


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Send a paper while somebody dies at a point, start them again, and count files and answers."""
    world = open_world(dialect, [_HOLDER], talks=True, audience="people")
    contact, web, told = _asked(world)
    _send(world)
    by_web = death.point.rpartition(".")[0] == KEPT
    if by_web:
        web.stop()
    dying = world.start("web" if by_web else "bots", death)
    if by_web:
        world.ready("web")
        bots = world.start("bots")
    world.until(lambda: dying.poll() is not None, f"{death.point} is reached")
    assert dying.code == -9, f"not killed but ended: {dying.said()}"
    if by_web:
        world.start("web")
    else:
        _leases_end(world)
        bots = world.start("bots")
    world.until(lambda: _has_answer(world), "the paper has its answer")
    bots.stop()
    return _counted(world, contact, _said(world)[told:])


def _asked(world: World) -> tuple[Contact, Process, int]:
    """Talk until the paper is asked for; gives who talks, the web, and how many answers that took."""
    with world.store.writing("arranged") as session:
        contact = country.insured(session, 1)
    web = world.start("web")
    world.ready("web")
    bots = world.start("bots")
    for line in BEFORE:
        world.tell("/desk/say", **_who(world), text=line)
    world.until(lambda: any(ASKED in one for one in _said(world)), "the paper is asked for")
    world.until(lambda: not _waiting(world), "nothing is on its way")
    bots.stop()
    return contact, web, len(_said(world))


def _send(world: World) -> None:
    content = base64.b64encode(_PAPER).decode()
    world.tell("/desk/file", **_who(world), name="paper.png", mime="image/png", content=content)


def _who(world: World) -> dict[str, Any]:
    return {"person": _HOLDER.national_code, "bot": world.bot_on_the_desk}


def _said(world: World) -> list[str]:
    """What the chat was told, as the outside wrote it down."""
    return [
        line["text"]
        for line in world.lines()
        if line["service"] == "telegram" and line["call"] == "sendMessage" and line["accepted"]
    ]


def _waiting(world: World) -> int:
    assert world.memory is not None
    with world.memory.reading() as session:
        return sum(
            session.scalar(text(f"SELECT count(*) FROM {table} WHERE done_at IS NULL")) or 0
            for table in ("inbox", "replies")
        )


def _has_answer(world: World) -> bool:
    return any(ANSWER in one for one in _said(world)) and not _waiting(world)


def _leases_end(world: World) -> None:
    """Let time pass for what a dead process held, and for nothing else."""
    assert world.memory is not None
    with world.memory.writing("arranged") as session:
        session.execute(text("UPDATE chats SET lease_until = 0"))
        session.execute(text("UPDATE pollers SET until = 0"))


def _counted(world: World, contact: Contact, said: list[str]) -> Tally:
    assert world.memory is not None
    with world.memory.reading() as session:
        uncertain = session.scalar(text("SELECT count(*) FROM replies WHERE uncertain")) or 0
    with world.store.reading() as session:
        kept = session.scalar(select(func.count()).select_from(File)) or 0
        for one in session.scalars(select(File)):
            assert one.person_id == contact.person_id
            assert b"".join(service.content(session, one)) == _PAPER
    answers = sum(ANSWER in one for one in said)
    strange = [one for one in said if ANSWER not in one and not one.startswith(AWAY)]
    assert not strange, strange
    return Tally(
        lost=max(0, 1 - kept) + max(0, 1 - answers),
        twice=max(0, kept - 1) + max(0, answers - 1 - uncertain),
        uncertain=uncertain,
        notes=[f"{kept} files, answers {said}"],
    )
