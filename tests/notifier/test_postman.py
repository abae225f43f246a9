"""The postman, with a mouth that fails in every way there is."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.db import Store
from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Accepted, Outcome, Rejected, State, Unknown
from api.notices import questions
from api.notices import service as notices
from api.notices.models import Attempt, Delivery, Notice
from api.occurrences.service import now_of
from notifier import postman as postmen
from notifier.channels.breaker import Breaker
from notifier.channels.mouths import Address, Capabilities
from notifier.postman import Postman
from notifier.rounds import Mouth, Round
from tests.api.notices.office import FACTS, all_true, chat
from tests.support import make

Fate = Callable[[str], Outcome | Awaitable[Outcome]]


@dataclass
class FakeMouth:
    """Answers by a fate for each reference, and keeps what it took."""

    fate: Fate = lambda _reference: Accepted()
    asks: bool = False
    took: list[tuple[Address, Message, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    knows: Callable[[str], Outcome | None] = lambda _reference: None
    at_once: int = 0
    most_at_once: int = 0

    @property
    def can(self) -> Capabilities:
        return Capabilities(length=4096, asks=self.asks)

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.took.append((to, message, reference))
            outcome = self.fate(reference)
            return outcome if isinstance(outcome, Accepted | Rejected | Unknown) else await outcome
        finally:
            self.at_once -= 1

    async def ask(self, reference: str) -> Outcome | None:
        self.asked.append(reference)
        return self.knows(reference)

    async def close(self) -> None:
        pass


@dataclass
class Rooms:
    """A postman with fake mouths over a real store."""

    store: Store
    chat: FakeMouth = field(default_factory=FakeMouth)
    sms: FakeMouth = field(default_factory=lambda: FakeMouth(asks=True))
    email: FakeMouth = field(default_factory=FakeMouth)
    ahead: timedelta = timedelta()
    wait: Callable[[], None] = lambda: None
    """What happens while the store lets somebody wait."""

    def postman(
        self, places: int = 50, names: Collection[str] = ("chat", "sms", "email")
    ) -> Postman:
        bots = {
            f"telegram:{name}": Mouth(self.chat, 1e6, Breaker(failures=1_000))
            for name in ("employers", "people")
        }
        rounds = [
            Round("chat", bots, places),
            Round("sms", {"sms": Mouth(self.sms, 1e6)}, places),
            Round("email", {"email": Mouth(self.email, 1e6)}, places),
        ]
        return Postman(
            self.store,
            [one for one in rounds if one.name in names],
            now=self.now,
            idle_seconds=0.02,
        )

    def now(self, session: Session) -> datetime:
        self.wait()
        return now_of(session) + self.ahead

    @asynccontextmanager
    async def working(self, postman: Postman | None = None) -> AsyncIterator[Postman]:
        one = postman or self.postman()
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            one.stop()
            await task

    def people(self, size: int, *, chats: bool = True) -> list[str]:
        """Post one notice to each of so many people; gives the notices' keys."""
        with self.store.writing("test") as session:
            rows = []
            for number in range(size):
                person = make.person(session, email="mina@example.org", language="en")
                if chats:
                    chat(session, person)
                rows.append(
                    notices.NewNotice(
                        template="debt_notice",
                        to=person.id,
                        about=f"debt:{number}",
                        facts=FACTS,
                        key=f"k{number}{'' if chats else ' by sms'}",
                    )
                )
            notices.post_many(session, rows, now_of(session))
            return [row.key for row in rows]

    def statuses(self) -> Counter[str]:
        with self.store.reading() as session:
            return Counter(session.scalars(select(Notice.status)))

    def count(self, model: type[Attempt | Delivery]) -> int:
        with self.store.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def rooms(fresh_store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    # However busy the machine is: a letter is held up only where a test says so.
    monkeypatch.setattr(postmen, "FRESH_SECONDS", 60.0)
    all_true()
    yield Rooms(fresh_store)
    questions.connect({})


async def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - the store has no event to wait for.
            await asyncio.sleep(0.02)


async def test_letters_leave_worded_and_are_recorded(rooms: Rooms) -> None:
    rooms.people(3)
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 3})
    assert all("4521" in message.text for _, message, _ in rooms.chat.took)
    assert rooms.count(Attempt) == 3


async def test_every_fate_ends_as_the_vocabulary_says(rooms: Rooms) -> None:
    def fate(reference: str) -> Outcome:
        match int(reference) % 5:
            case 0:
                return Rejected("blocked", address_dead=True)
            case 1:
                return Rejected("bad_request")
            case 2:
                return Unknown("broken_off")
            case 3:
                raise RuntimeError("a fault of ours")
            case _:
                return Accepted("1")

    rooms.chat.fate = fate
    rooms.people(30)
    async with rooms.working():
        await until(lambda: set(rooms.statuses()) <= {"sent", "uncertain"})
    fates = Counter(int(reference) % 5 for _, _, reference in rooms.chat.took)
    assert rooms.statuses()["uncertain"] == fates[2] + fates[3]
    assert len(rooms.sms.took) == fates[0] + fates[1]
    assert len(rooms.chat.took) == 30


async def test_who_has_nothing_to_do_hears_of_a_letter_that_is_posted_later(rooms: Rooms) -> None:
    one = rooms.postman()
    async with rooms.working(one):
        await until(lambda: all(each.is_idle for each in one._rounds))
        rooms.people(1)
        rooms.people(1, chats=False)
        await until(lambda: rooms.statuses() == {"sent": 2})
    assert (len(rooms.chat.took), len(rooms.sms.took)) == (1, 1)


async def test_what_surely_failed_is_tried_again(rooms: Rooms) -> None:
    tried: Counter[str] = Counter()

    def fate(reference: str) -> Outcome:
        tried[reference] += 1
        return Accepted() if tried[reference] == 3 else Rejected("busy", again=True)

    rooms.chat.fate = fate
    rooms.people(1)
    async with rooms.working():
        for times in (1, 2):
            # Time moves on only when nothing is on its way: no lease ends under a letter.
            await until(partial(_tried, rooms, tried, times))
            rooms.ahead += timedelta(minutes=2)
        await until(lambda: rooms.statuses() == {"sent": 1})
    assert list(tried.values()) == [3]


async def test_a_refused_account_is_one_alarm_a_claim_and_no_failure(
    rooms: Rooms, logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.chat.fate = lambda _reference: Rejected("bot_refused", account=True)
    rooms.people(30)
    with rooms.store.reading() as session:
        instant = now_of(session)
    # Time stands still: nothing is tried a second time, however slow the machine is.
    monkeypatch.setattr(rooms, "now", lambda _session: instant)
    async with rooms.working(rooms.postman(places=200)):
        await until(lambda: rooms.count(Attempt) == 30 and not _open(rooms))
        assert rooms.statuses() == {"waiting": 30}
    alarms = [line for line in logged if line["event"] == "channel.account_refused"]
    assert alarms == [
        {
            "event": "channel.account_refused",
            "log_level": "error",
            "channel": "chat",
            "reason": "bot_refused",
        }
    ]


async def test_what_is_unknown_is_asked_about_and_sent_only_if_surely_not_there(
    rooms: Rooms,
) -> None:
    rooms.people(2, chats=False)
    references: list[str] = []

    def fate(reference: str) -> Outcome:
        references.append(reference)
        return Unknown("timeout") if len(references) <= 2 else Accepted("9")

    rooms.sms.fate = fate
    rooms.sms.knows = lambda reference: (
        Accepted("7", State.DELIVERED)
        if reference == references[0]
        else Rejected("not_there", again=True)
    )
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"uncertain": 2})
        rooms.ahead += timedelta(seconds=10)
        await until(lambda: rooms.statuses()["delivered"] == 1)
        rooms.ahead += timedelta(seconds=30)
        await until(lambda: rooms.statuses() == {"delivered": 1, "sent": 1})
    assert Counter(references) == {references[0]: 1, references[1]: 2}


async def test_letters_of_a_round_are_side_by_side_and_no_more_than_its_places(
    rooms: Rooms,
) -> None:
    async def slowly() -> Outcome:
        await asyncio.sleep(0.05)
        return Accepted()

    rooms.chat.fate = lambda _reference: slowly()
    rooms.people(40)
    async with rooms.working(rooms.postman(places=10)):
        await until(lambda: rooms.statuses() == {"sent": 40})
    assert 5 <= rooms.chat.most_at_once <= 10


async def test_a_provider_that_hangs_holds_up_no_other_channel(rooms: Rooms) -> None:
    never = asyncio.Event()

    async def hang() -> Outcome:
        await never.wait()
        return Accepted()

    rooms.chat.fate = lambda _reference: hang()
    rooms.people(60)
    with rooms.store.writing("test") as session:
        person = make.person(session, language="en")
        notices.post(
            session,
            template="link_code",
            to=person.id,
            about="claim:1",
            facts={},
            key="code",
            now=now_of(session),
            secret={"code": "482913"},
        )
    async with rooms.working():
        await until(lambda: len(rooms.sms.took) == 1)
        assert "482913" in rooms.sms.took[0][1].text
        never.set()
        await until(lambda: rooms.statuses() == {"sent": 61})


async def test_nobody_holds_a_connection_while_a_letter_is_on_its_way(rooms: Rooms) -> None:
    one = rooms.postman()

    async def look() -> Outcome:
        # Those who look for more letters are gone in a moment: whatever is held then is this one's.
        one.stop()
        await until(lambda: rooms.store.bind.engine.pool.checkedout() == 0, 5)  # type: ignore[attr-defined]
        return Accepted()

    rooms.chat.fate = lambda _reference: look()
    rooms.people(1)
    async with rooms.working(one):
        await until(lambda: rooms.statuses() == {"sent": 1})


async def test_told_to_stop_it_claims_nothing_new_and_finishes_what_is_on_its_way(
    rooms: Rooms,
) -> None:
    async def slowly() -> Outcome:
        await asyncio.sleep(0.3)
        return Accepted()

    rooms.chat.fate = lambda _reference: slowly()
    rooms.people(30)
    one = rooms.postman(places=5)
    task = asyncio.create_task(one.run())
    await until(lambda: len(rooms.chat.took) >= 5)
    began = time.monotonic()
    one.stop()
    await task
    assert time.monotonic() - began < postmen.STOP_SECONDS
    took = len(rooms.chat.took)
    assert took < 30
    assert rooms.statuses() == {"sent": took, "waiting": 30 - took}
    with rooms.store.reading() as session:
        assert set(session.scalars(select(Attempt.state))) == {"accepted"}


async def test_a_letter_that_was_held_up_does_not_leave(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmen, "FRESH_SECONDS", 0.0)
    rooms.people(1)
    async with rooms.working():
        await until(lambda: rooms.count(Attempt) >= 2)
        await until(lambda: not _open(rooms))
        assert rooms.chat.took == []
        assert rooms.statuses() == {"waiting": 1}
        with rooms.store.reading() as session:
            assert session.scalars(select(Delivery.tries)).all() == [0]
        monkeypatch.setattr(postmen, "FRESH_SECONDS", 60.0)
        await until(lambda: rooms.statuses() == {"sent": 1})


async def test_one_letter_finds_out_that_its_sender_must_wait_and_uses_up_no_try_of_another(
    rooms: Rooms,
) -> None:
    rooms.chat.fate = lambda _reference: Rejected("too_many", again=True, wait_seconds=60)
    rooms.people(5)
    async with rooms.working():
        await until(lambda: rooms.count(Attempt) == 5 and not _open(rooms))
    assert len(rooms.chat.took) == 1
    with rooms.store.reading() as session:
        assert session.scalars(select(Delivery.tries)).all() == [0] * 5


async def test_letters_are_ready_while_all_places_are_taken_and_no_more_call_at_once(
    rooms: Rooms,
) -> None:
    may_answer = asyncio.Event()

    async def answer() -> Outcome:
        await may_answer.wait()
        return Accepted()

    rooms.chat.fate = lambda _reference: answer()
    rooms.people(20)
    bot = {"telegram:employers": Mouth(rooms.chat, 1e6)}
    one = Round("chat", bot, 4, call_seconds=0.1)
    async with rooms.working(Postman(rooms.store, [one], now=rooms.now, idle_seconds=0.02)):
        await until(lambda: rooms.count(Attempt) == 8)
        assert rooms.chat.at_once == 4
        may_answer.set()
        await until(lambda: rooms.statuses() == {"sent": 20})
    assert rooms.chat.most_at_once == 4


async def test_waiting_for_the_stores_lock_holds_up_no_letter(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time passes only while the store lets the first round wait: to look, to claim, to open.
    waited: list[float] = []

    def wait() -> None:
        if len(waited) < 3:
            waited.append(5.0)

    monkeypatch.setattr(postmen, "time", SimpleNamespace(monotonic=lambda: sum(waited)))
    rooms.wait = wait
    rooms.people(1)
    async with rooms.working(rooms.postman(names=("chat",))):
        await until(lambda: rooms.statuses() == {"sent": 1})
    assert rooms.count(Attempt) == 1


async def test_a_letter_that_cannot_be_worded_does_not_stop_the_others(
    rooms: Rooms,
) -> None:
    rooms.people(3)
    with rooms.store.writing("test") as session:
        session.execute(update(Notice).where(Notice.key == "k1").values(facts={}))
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 2, "failed": 1})
    assert len(rooms.chat.took) == 2


async def test_what_spoils_a_claim_is_parked_and_the_others_go_on(rooms: Rooms, logged) -> None:
    rooms.people(5)

    def answer(_session: Session, abouts: list[str]) -> set[str]:
        if "debt:3" in abouts:
            raise RuntimeError("a poison")
        return set(abouts)

    questions.connect({"debt_open": answer})
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 4, "failed": 1})
    assert len(rooms.chat.took) == 4
    assert "delivery.fault" in [line["event"] for line in logged]


async def test_what_spoils_a_claim_is_found_by_halves(rooms: Rooms) -> None:
    rooms.people(64)
    looks: list[int] = []

    def answer(_session: Session, abouts: list[str]) -> set[str]:
        looks.append(len(abouts))
        if "debt:40" in abouts:
            raise RuntimeError("a poison")
        return set(abouts)

    questions.connect({"debt_open": answer})
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 63, "failed": 1})
    # Not one by one, which would be 64: each level asks of two parts.
    assert len(looks) < 40, looks
    assert 1 in looks


async def test_a_secret_that_cannot_be_unsealed_is_parked_and_the_others_go_on(
    rooms: Rooms, logged
) -> None:
    rooms.people(3)
    with rooms.store.writing("test") as session:
        broken = text("UPDATE notices SET secret = :bytes WHERE key = 'k1'")
        session.execute(broken, {"bytes": b"no seal of ours"})
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 2, "failed": 1})
    assert "delivery.fault" in [line["event"] for line in logged]


async def test_an_outcome_that_cannot_be_recorded_holds_up_no_other(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.people(6)
    poison: list[object] = []
    record = notices.record

    def spoiled(session: Session, told: list[notices.Told], **more: Any) -> int:
        if not poison:
            poison.append(told[0].attempt_id)
        if any(one.attempt_id == poison[0] for one in told):
            raise RuntimeError("a poison")
        return record(session, told, **more)

    monkeypatch.setattr(notices, "record", spoiled)
    async with rooms.working():
        await until(lambda: rooms.statuses() == {"sent": 5, "waiting": 1})


async def test_while_the_store_is_away_nothing_is_lost_and_nothing_doubled(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmen, "_AWAY_SECONDS", 0.05)
    rooms.people(20)
    is_away = threading.Event()

    def fall() -> None:
        if is_away.is_set():
            raise OperationalError("away", {}, Exception("away"))

    async def slowly() -> Outcome:
        is_away.set()
        await asyncio.sleep(0.05)
        return Accepted()

    rooms.chat.fate = lambda _reference: slowly()
    for point in ("notifier.claim", "notifier.attempts", "notifier.record"):
        points.arm(f"{point}.before", fall)
    try:
        async with rooms.working(rooms.postman(places=8)):
            await until(lambda: len(rooms.chat.took) >= 8)
            await asyncio.sleep(0.3)
            assert rooms.statuses() == {"waiting": 20}
            rooms.chat.fate = lambda _reference: Accepted()
            is_away.clear()
            await until(lambda: rooms.statuses() == {"sent": 20})
    finally:
        points.disarm()
    assert max(Counter(reference for _, _, reference in rooms.chat.took).values()) == 1


@pytest.mark.parametrize(
    ("point", "chats", "expected"),
    [
        ("notifier.claim.before", 1, "sent"),
        ("notifier.claim.after", 1, "sent"),
        ("notifier.attempts.before", 1, "sent"),
        ("notifier.attempts.after", 0, "uncertain"),
        ("notifier.record.before", 1, "uncertain"),
        ("notifier.record.after", 1, "sent"),
    ],
)
async def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(
    rooms: Rooms, point: str, chats: int, expected: str
) -> None:
    """The first postman dies at the point; another looks when its lease has ended."""
    rooms.people(1)
    died = threading.Event()

    def die() -> None:
        died.set()
        raise KeyboardInterrupt("dead")

    points.arm(point, die)
    first = asyncio.create_task(_life(rooms))
    await until(died.is_set)
    points.disarm()
    first.cancel()
    with suppress(BaseException):
        await first
    rooms.ahead += timedelta(seconds=50)
    async with rooms.working():
        await until(lambda: rooms.statuses() == {expected: 1})
        await asyncio.sleep(0.1)
    assert len(rooms.chat.took) == chats


async def _life(rooms: Rooms) -> None:
    """Work as a process of its own would: what kills it kills it alone."""
    await asyncio.to_thread(_other_loop, rooms)


def _other_loop(rooms: Rooms) -> None:
    async def live() -> None:
        # The dead leave tasks whose end nobody asks for: whenever those are cleared away, even
        # within another test, nothing is told of them.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _told: None)
        await asyncio.wait_for(rooms.postman().run(), 60)

    with suppress(BaseException):
        asyncio.run(live())


def _tried(rooms: Rooms, tried: Counter[str], times: int) -> bool:
    """Whether so many tries were made and are recorded."""
    return tried.total() == times and not _open(rooms)


def _open(rooms: Rooms) -> bool:
    with rooms.store.reading() as session:
        return "open" in set(session.scalars(select(Attempt.state)))
