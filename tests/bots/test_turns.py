"""One turn from the inbox to the outcome of its replies; killed at each point, nothing is lost."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from api.client.notices import WAITS
from api.kit import points
from api.kit.message import Message
from api.kit.outcome import Outcome, Rejected, Unknown
from api.notices.schemas import WaitOut
from bots.leases import LEASE_SECONDS
from bots.memory import Memory
from bots.saying import REPEATS
from bots.tables import inbox, replies
from notifier.channels.mouths import Address
from tests.bots.bench import BOT, Bench, Killed, Mouth, until_dead
from tests.bots.conftest import Clock
from tests.support import luck


@pytest.fixture
def bench(memory: Memory, clock: Clock) -> Bench:
    return Bench(memory, clock)


async def test_an_update_is_answered_and_leaves_nothing_of_its_text(bench: Bench):
    await bench.send("سلام")
    await bench.settle()
    [text] = bench.texts()
    assert "Choose your language:" in text or "زبان" in text
    with bench.memory.store.reading() as connection:
        [row] = connection.execute(select(inbox)).all()
        [reply] = connection.execute(select(replies)).all()
    assert (row.raw, reply.text, reply.outcome) == (None, None, "sent")


async def test_a_turn_is_few_commits_and_its_first_reply_is_kept_before_the_wire(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    commits: list[str] = []
    write = bench.memory.store.write

    async def counted(point: str, change: Any) -> Any:
        commits.append(point)
        return await write(point, change)

    monkeypatch.setattr(bench.memory.store, "write", counted)
    bench.mouth.when_heard = lambda: commits.append("the wire")
    await bench.send("hi")
    await bench.worker().drain()
    said = ["memory.turn", "the wire", "memory.released"]
    assert commits == ["memory.received", "memory.claimed", *said]
    commits.clear()
    worker = bench.worker()
    assert await worker.receive(BOT, [bench.update("2")]) == 1
    await worker.drain()
    assert commits == ["memory.received", *said], "brought to the door, it is claimed there"
    assert await bench.outcomes() == ["sent", "sent"]


async def test_what_is_brought_has_its_turn_when_there_is_room(bench: Bench):
    worker = bench.worker(chats_at_once=2)
    brought = [bench.update("hi", str(n)) for n in range(1, 7)]
    came = await asyncio.gather(*(worker.receive(BOT, [one]) for one in brought))
    assert came == [1] * 6
    assert len(worker._held) == 2
    assert await worker.receive(BOT, brought) == 0
    await worker.drain()
    assert sorted(who for who, _text in bench.heard) == [str(n) for n in range(1, 7)]
    await worker.stop()
    assert await worker.receive(BOT, [bench.update("2")]) == 1
    assert worker._held == {}, "kept, and left to another process"


async def test_a_chat_that_waits_for_its_rate_takes_no_room_from_others(bench: Bench):
    over = asyncio.Event()

    async def rest(_seconds: float) -> None:
        await over.wait()

    worker = bench.worker(chats_at_once=1)
    worker._sleep = rest
    for words in ("hi", "2", "1", "1", "1"):
        await bench.send(words, "talker")
    await bench.send("hi", "other")
    running = asyncio.create_task(worker.run())
    for _again in range(1000):
        if bench.texts("other"):
            break
        await asyncio.sleep(0.01)
    assert bench.texts("other"), "its turn came"
    assert len(bench.texts("talker")) == 3, "its burst is spent, and it rests"
    over.set()
    await worker.stop()
    await running


async def test_the_talk_goes_on_over_processes(bench: Bench):
    for words in ("hi", "2", "1", "1", "1", "1"):
        await bench.send(words)
        await bench.settle(bench.worker())
    assert "Request B-1 is on its way" in bench.texts()[-1]
    assert bench.knocker.changes("/trial/request") == 1


async def test_many_chats_at_once_do_not_mix(bench: Bench):
    seed = luck.seed()
    print("seed", seed)  # noqa: T201 - shown when it fails.
    chance = random.Random(seed)
    waiting = {str(n): ["hi", "2", "1", str(n % 3 + 1)] for n in range(1, 13)}
    sent = [(chat, words) for chat, lines in waiting.items() for words in lines]
    order = sorted(sent, key=lambda _one: chance.random())
    left = {chat: list(lines) for chat, lines in waiting.items()}
    for chat, _words in order:
        await bench.send(left[chat].pop(0), chat)
    workers = [bench.worker() for _n in range(3)]
    for _again in range(3):
        await asyncio.gather(*(worker.drain() for worker in workers))
        bench.clock.pass_(2)
    for chat in waiting:
        texts = bench.texts(chat)
        assert len(texts) == 4, "each line answered once"
        assert "Which booklet?" in texts[2]
        third = int(chat) % 3 + 1
        assert ("What happened" in texts[3]) == (third == 3)


async def test_an_outcome_nobody_knows_is_repeated_and_kept_as_uncertain(bench: Bench):
    bench.mouth.outcomes = [Unknown("timeout")]
    await bench.send("hi")
    await bench.settle()
    assert len(bench.texts()) == 2
    assert await bench.outcomes() == ["uncertain"]


async def test_what_stays_unknown_is_repeated_twice_and_then_left(bench: Bench):
    bench.mouth.outcomes = [Unknown("timeout")] * 5
    await bench.send("hi")
    await bench.settle()
    assert len(bench.texts()) == 1 + REPEATS == 3
    assert await bench.outcomes() == ["uncertain"]


async def test_a_refused_reply_is_tried_again_until_an_hour_has_passed(bench: Bench):
    bench.mouth.outcomes = [Rejected("server_error", again=True)] * 3
    await bench.send("hi")
    await bench.settle()
    assert await bench.outcomes() == ["sent"]
    bench.mouth.outcomes = [Rejected("server_error", again=True)] * 200
    await bench.send("2")
    for _again in range(8):
        await bench.worker().drain()
        bench.clock.pass_(600)
    assert await bench.outcomes() == ["sent", "failed"]
    assert len(bench.texts()) == 1


async def test_a_reply_that_waits_does_not_hold_up_the_next_turn(bench: Bench):
    bench.mouth.outcomes = [Rejected("server_error", again=True)] * 6
    await bench.send("hi")
    await bench.worker().drain()
    await bench.send("2")
    await bench.worker().drain()
    assert await bench.memory.inbox.waiting() == 0
    for _minute in range(10):
        await bench.worker().drain()
        bench.clock.pass_(60)
    assert await bench.outcomes() == ["sent", "sent"]
    assert "Choose your language:" in bench.texts()[0], "said in their order"


async def test_a_flood_wait_is_honoured_and_told_to_the_core(bench: Bench):
    bench.knocker.answers[WAITS] = WaitOut(seconds=40)
    bench.mouth.outcomes = [Rejected("too_many", again=True, wait_seconds=40)]
    await bench.send("hi")
    await bench.worker().drain()
    bench.clock.pass_(30)
    await bench.worker().drain()
    assert bench.texts() == []
    bench.clock.pass_(11)
    await bench.worker().drain()
    assert len(bench.texts()) == 1
    [(_door, told, knocking)] = [c for c in bench.knocker.calls if c[0] == "POST /v1/notices/waits"]
    assert told == {"messenger": "terminal", "audience": "employers", "seconds": 40}
    assert knocking.chat == "terminal:employers:"


class Slow(Mouth):
    """Lets the others go on while a reply is on its way."""

    async def send(self, to: Address, message: Message, reference: str) -> Outcome:
        await asyncio.sleep(0)
        return await super().send(to, message, reference)


async def test_one_reply_finds_out_that_a_wait_goes_on(bench: Bench):
    bench.knocker.answers[WAITS] = WaitOut(seconds=40)
    bench.mouth = Slow(outcomes=[Rejected("too_many", again=True, wait_seconds=40)] * 99)
    worker = bench.worker()
    for chat in "12345":
        await bench.send("hi", chat)
    await worker.drain()
    for _ in range(2):
        asked = len(bench.mouth.asked)
        bench.clock.pass_(41)
        await worker.drain()
        assert len(bench.mouth.asked) == asked + 1
    bench.mouth.outcomes.clear()
    bench.clock.pass_(41)
    await bench.settle(worker)
    assert {chat: len(bench.texts(chat)) for chat in "12345"} == dict.fromkeys("12345", 1)


async def test_a_wait_that_a_notice_met_silences_the_replies_too(bench: Bench):
    until = datetime.fromtimestamp(bench.clock.now + 20, UTC)
    bench.knocker.wait_until["terminal", "employers"] = until
    await bench.send("hi")
    worker = bench.worker()
    worker._core.wait_until = bench.knocker.wait_until
    await worker.drain()
    assert bench.texts() == []
    bench.clock.pass_(21)
    await worker.drain()
    assert len(bench.texts()) == 1


async def test_a_person_who_is_gone_hears_no_more(bench: Bench):
    bench.mouth.outcomes = [Rejected("blocked", address_dead=True)]
    await bench.send("hi")
    await bench.settle()
    assert await bench.outcomes() == ["failed"]
    await bench.send("", left=True)
    await bench.settle()
    assert bench.texts() == []


async def test_a_broken_dialogue_is_told_and_the_menu_still_opens(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    for words in ("hi", "2"):
        await bench.send(words)
        await bench.settle()

    def broken(self: Any, step: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("bots.replay.Run._meet", broken)
        await bench.send("1")
        await bench.settle()
    assert "Something stopped on our side" in bench.texts()[-1]
    await bench.send("menu")
    await bench.settle()
    assert "What would you like to do?" in bench.texts()[-1]


async def test_a_core_that_is_away_is_tried_again_and_written_about(bench: Bench):
    for words in ("hi", "2", "1", "1"):
        await bench.send(words)
        await bench.settle()
    bench.knocker.away = True
    await bench.send("1")
    await bench.settle()
    assert "We cannot reach the information right now." in bench.texts()[-1]
    said = len(bench.texts())
    for _minute in range(5):
        await bench.worker().drain()
        bench.clock.pass_(60)
    assert len(bench.texts()) == said, "nothing new to say"
    bench.knocker.away = False
    bench.clock.pass_(400)
    await bench.worker().drain()
    assert "We are back." in bench.texts()[-1]
    assert "Send it?" in bench.texts()[-1]


async def test_a_stop_ends_what_is_under_way_and_leaves_the_rest(bench: Bench):
    worker = bench.worker()
    running = asyncio.create_task(worker.run())
    for n in range(1, 9):
        await bench.send("hi", str(n))
    worker.wake()
    await asyncio.sleep(0.05)
    await asyncio.wait_for(worker.stop(), 30)
    await asyncio.wait_for(running, 30)
    bench.clock.pass_(LEASE_SECONDS + 1)
    await bench.settle()
    assert sorted(who for who, _text in bench.heard) == [str(n) for n in range(1, 9)]
    assert set(await bench.outcomes()) == {"sent"}


async def test_a_memory_that_is_away_for_a_while_ends_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    claim, failures = bench.memory.claim, iter([OSError("gone"), ValueError("a bug")] * 3)

    async def away(*given: Any, **more: Any) -> Any:
        for failure in failures:
            raise failure
        return await claim(*given, **more)

    monkeypatch.setattr(bench.memory, "claim", away)
    await bench.send("hi")
    worker = bench.worker()
    running = asyncio.create_task(worker.run())
    said = asyncio.Event()
    bench.mouth.when_heard = said.set
    await asyncio.wait_for(said.wait(), 60)
    await worker.stop()
    await running


POINTS = [
    f"{point}.{side}"
    for point in (
        "memory.received",
        "memory.claimed",
        "memory.turn",
        "memory.attempt",
        "test.mouth",
        "memory.outcome",
        "memory.released",
        "bots.core",
    )
    for side in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_killed_at_a_point_loses_nothing_and_does_nothing_twice(
    bench: Bench, point: str
):
    for words in ("hi", "2", "1"):
        await bench.send(words)
        await bench.settle()
    before = len(bench.texts())
    lines = ["1", "1", "1"]
    for words in lines:
        deaths = 0

        def die() -> None:
            nonlocal deaths
            deaths += 1
            if deaths == 1:
                raise Killed

        points.arm(point, die)
        await _send_until_kept(bench, words)
        try:
            await until_dead(bench.worker())
        finally:
            points.disarm()
        bench.clock.pass_(LEASE_SECONDS + 1)
        await bench.settle()
    outcomes = await bench.outcomes()
    assert bench.knocker.changes("/trial/request") == 1, "done once, whatever was repeated"
    assert None not in outcomes
    assert len(outcomes) == before + len(lines), "each line answered"
    texts = bench.texts()[before:]
    unique = list(dict.fromkeys(texts))
    assert len(unique) == len(lines)
    assert len(texts) - len(unique) <= outcomes.count("uncertain"), (
        "whatever was said twice is marked so"
    )
    assert "Request B-1 is on its way" in unique[-1]


async def _send_until_kept(bench: Bench, words: str) -> None:
    try:
        await bench.send(words)
    except Killed:
        # The messenger was not answered, so it brings the same update again.
        bench.number -= 1
        await bench.send(words)
