"""Several phones talk to the bots, which die at a point: each line is answered once, in order.

What was said is held against a run in which nobody died: the outside's log must show the same
answers in each chat. An answer may stand there twice only where the bots' memory says `uncertain`.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import text

from api import db
from api.db import Store
from tests.faults import country
from tests.faults.country import MONTH, Contact
from tests.faults.nursery import Death, Process
from tests.faults.tally import Tally
from tests.faults.world import TOKENS, Opener, World

HOLDERS = [country.holder(number) for number in range(1, 4)]
# The first is nobody's yet and is linked up to the code; the others look at what is owed.
LINKING = ("/start", "2", "1", "contact", HOLDERS[0].national_code, MONTH, "menu")
LOOKING = ("/start", "2", "/debts", "tap 0.menu|notices")

POLLING = (
    "bots.core",
    "bots.telegram.acknowledge",
    "bots.telegram.arranged",
    "bots.updates",
    "channels.telegram.send",
    "memory.attempt",
    "memory.claimed",
    "memory.forgotten",
    "memory.leading",
    "memory.outcome",
    "memory.polled",
    "memory.released",
    "memory.renewed",
    "memory.turn",
    "memory.woken",
)
ON_BALE = ("bots.bale.acknowledge", "bots.bale.arranged", "channels.bale.send")
"""Reached only by bots on Bale."""
STOPPING = ("memory.polling_ended",)
"""Reached only by bots that are told to stop."""
WEBHOOK = ("memory.received",)
"""Reached only where updates are brought."""
POINTS = (*POLLING, *ON_BALE, *STOPPING, *WEBHOOK)

# How often a point may be passed before the victim dies there: those of the work itself are met
# many times, the others once or twice a life.
NTH: Mapping[str, int] = {
    "bots.core": 6,
    "channels.bale.send": 8,
    "channels.telegram.send": 8,
    # Only where the rates let a reply wait: else its attempt is in the commit of its turn.
    "memory.attempt": 3,
    "memory.outcome": 8,
    "memory.turn": 8,
}

_reference: dict[str, list[str]] = {}


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Talk, let the bots die at a point, start them again, and count what the outside has seen."""
    if not _reference:
        world = open_world("sqlite", HOLDERS, talks=True)
        contacts = _begin(world)
        bots = world.start("bots")
        _until_answered(world)
        bots.stop()
        _reference.update(answers(world))
    webhook = death.point.rpartition(".")[0] in WEBHOOK
    mode = "webhook" if webhook else "polling"
    messenger = "bale" if death.point.rpartition(".")[0] in ON_BALE else "telegram"
    world = open_world(dialect, HOLDERS, talks=True, messenger=messenger, BOTS_MODE=mode)
    contacts = _begin(world)
    bots = world.start("bots", death)
    _until_dead(world, bots, death)
    _leases_end(world)
    bots = world.start("bots")
    _until_answered(world)
    bots.stop()
    return compared(_reference, answers(world), _uncertain(world, contacts))


def _begin(world: World) -> Sequence[Contact]:
    """Say every line of everybody at once: all that waits is the bots' to put in order."""
    with world.store.writing("arranged") as session:
        contacts = [
            country.settle(session, number, who, linked=number > 1, messenger=world.messenger)
            for number, who in enumerate(HOLDERS, 1)
        ]
    world.start("web")
    world.ready("web")
    for contact, lines in zip(contacts, (LINKING, LOOKING, LOOKING), strict=True):
        for line in lines:
            who: dict[str, Any] = {
                "person": contact.holder.national_code,
                "bot": world.bot_on_the_desk,
            }
            if line == "contact":
                world.tell("/desk/contact", **who)
            elif line.startswith("tap "):
                world.tell("/desk/tap", **who, **_older(world, contact, line[4:]))
            else:
                world.tell("/desk/say", **who, text=line)
    return contacts


def answers(world: World) -> dict[str, list[str]]:
    """What each chat was told, in order, as the outside wrote it down."""
    told: dict[str, list[str]] = defaultdict(list)
    for line in world.lines():
        if line["service"] == "telegram" and line["call"] == "sendMessage" and line["accepted"]:
            told[line["address"].removeprefix(f"{world.bot_on_the_desk}:")].append(line["text"])
    return dict(told)


def compared(
    reference: Mapping[str, Sequence[str]],
    said: Mapping[str, Sequence[str]],
    uncertain: Mapping[str, int],
) -> Tally:
    """Hold what was said against what should have been; AssertionError when the order differs."""
    assert set(said) <= set(reference), "somebody was told who had said nothing"
    tally = Tally()
    for chat, expected in reference.items():
        wanted, got = _runs(expected), _runs(said.get(chat, ()))
        if [words for words, _ in wanted] == [words for words, _ in got]:
            pairs = [(w, g) for (_, w), (_, g) in zip(wanted, got, strict=True)]
            lost = sum(max(0, w - g) for w, g in pairs)
            twice = sum(max(0, g - w) for w, g in pairs)
        else:
            lost = (Counter(expected) - Counter(said.get(chat, ()))).total()
            twice = (Counter(said.get(chat, ())) - Counter(expected)).total()
            assert lost or twice, f"out of order: {said.get(chat)}, not {expected}"
        marked = uncertain.get(chat, 0)
        tally += Tally(lost=lost, twice=max(0, twice - marked), uncertain=marked)
        if lost or twice > marked:
            tally.notes.append(f"{chat}: {said.get(chat)}, not {expected}")
    return tally


def _older(world: World, contact: Contact, data: str) -> dict[str, Any]:
    """Put a message with a button into a chat, as one that was there before; gives what taps it."""
    sent = world.tell(
        f"/bot{TOKENS[world.messenger]}/sendMessage",
        chat_id=int(contact.chat_id),
        text="an older message",
        reply_markup={"inline_keyboard": [[{"text": "notices", "callback_data": data}]]},
    )
    return {"message_id": sent["result"]["message_id"], "data": data}


def _until_dead(world: World, bots: Process, death: Death) -> None:
    if death.point.rpartition(".")[0] in STOPPING:
        world.until(lambda: len(world.lines()) > 3, "the bots work")
        bots.ask_to_stop()
    world.until(lambda: bots.poll() is not None, f"the bots reach {death.point}")
    assert bots.code == -9, f"not killed but ended: {bots.said()}"


def _leases_end(world: World) -> None:
    """Let time pass for what a dead process held, and for nothing else."""
    with _memory(world).writing("arranged") as session:
        session.execute(text("UPDATE chats SET lease_until = 0"))
        session.execute(text("UPDATE pollers SET until = 0"))


def _until_answered(world: World) -> None:
    lines = len(LINKING) + 2 * len(LOOKING)

    def waiting() -> bool:
        with _memory(world).reading() as session:
            came = session.scalar(text("SELECT count(*) FROM inbox"))
            counts = [
                session.scalar(text(f"SELECT count(*) FROM {table} WHERE done_at IS NULL"))
                for table in ("inbox", "replies")
            ]
        return came == lines and not any(counts)

    world.until(waiting, "every line has its answer")
    # What is said twice would come now.
    time.sleep(0.2)


def _uncertain(world: World, contacts: Sequence[Contact]) -> dict[str, int]:
    chats = {
        db.keys().blind("chat", f"{world.bot}:{contact.chat_id}").hex(): contact.chat_id
        for contact in contacts
    }
    with _memory(world).reading() as session:
        rows = session.execute(
            text("SELECT chat, count(*) AS n FROM replies WHERE uncertain GROUP BY chat")
        ).all()
    return {chats[row.chat]: int(row.n) for row in rows}


def _memory(world: World) -> Store:
    assert world.memory is not None
    return world.memory


def _runs(words: Sequence[str]) -> list[tuple[str, int]]:
    return [(one, len(list(same))) for one, same in groupby(words)]
