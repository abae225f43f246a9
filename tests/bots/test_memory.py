"""What is kept of a chat, and by whom it may be worked on."""

import asyncio
import json

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.engine import make_url

from api import db
from api.kit.message import Button, Message, Pin, Wants
from bots import migrations
from bots.inbox import POLLER_SECONDS, Update
from bots.leases import LEASE_SECONDS, Claim, LostLease
from bots.memory import SILENT_SECONDS, Memory
from bots.replies import Ended, Pace
from bots.store import BadStore, Store, open_plain
from bots.tables import chats, inbox, metadata, replies
from tests.bots.conftest import Clock

BOT = "telegram:employers"
ASKED = Message(
    "کدام کارگاه؟",
    buttons=((Button("نان سپیده", "1.kind|first"),),),
    wants=Wants.CONTACT,
    wants_label="شماره‌ام",
)


def an_update(number: int, chat: str = "7", words: str = "سلام") -> Update:
    raw = {"update_id": number, "chat": chat, "text": words}
    return Update(number, chat, json.dumps(raw, ensure_ascii=False))


async def one_claim(memory: Memory, token: str = "a") -> Claim:
    [claim] = await memory.claim(token, bots=[BOT], limit=5)
    return claim


def test_the_migration_makes_exactly_the_tables_of_the_code(memory_url: str):
    engine = open_plain(memory_url)
    with engine.connect() as connection:
        there = inspect(connection)
        for table in metadata.sorted_tables:
            columns = {
                column["name"]: column["nullable"] for column in there.get_columns(table.name)
            }
            assert columns == {column.name: column.nullable for column in table.columns}
            indexes = {tuple(index["column_names"]) for index in there.get_indexes(table.name)}
            uniques = {
                tuple(one["column_names"]) for one in there.get_unique_constraints(table.name)
            }
            wanted = {tuple(column.name for column in index.columns) for index in table.indexes}
            assert wanted <= indexes | uniques
        assert migrations.is_ready(connection)
    engine.dispose()


def test_migrating_again_changes_nothing(memory_url: str):
    migrations.upgrade(memory_url)
    migrations.upgrade(memory_url)


def test_memory_of_a_newer_release_is_ready_and_an_empty_one_is_not(memory_url: str):
    engine = open_plain(memory_url)
    with engine.connect() as connection:
        for revision, ready in (("of_a_newer_release", True), (None, False)):
            connection.execute(text("DELETE FROM alembic_version"))
            if revision:
                connection.execute(
                    text("INSERT INTO alembic_version VALUES (:one)"), {"one": revision}
                )
            assert migrations.is_ready(connection) is ready
        connection.rollback()
    engine.dispose()


async def test_an_update_that_was_seen_before_is_not_kept_again(memory: Memory):
    assert await memory.inbox.receive(BOT, [an_update(5), an_update(5)]) == 1
    assert await memory.inbox.receive(BOT, [an_update(5)]) == 0
    assert await memory.inbox.receive("telegram:people", [an_update(5)]) == 1
    assert await memory.inbox.receive(BOT, [an_update(4)]) == 1, "a smaller id is as new as any"


async def test_an_update_of_no_chat_is_known_and_has_no_turn(memory: Memory):
    assert await memory.inbox.receive(BOT, [Update(9, None, "{}")]) == 1
    assert await memory.inbox.receive(BOT, [Update(9, None, "{}")]) == 0
    assert await memory.inbox.waiting() == 0


async def test_updates_of_a_chat_come_in_their_order(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(12, words="یک"), an_update(3, words="دو")])
    claim = await one_claim(memory)
    said = []
    for _turn in range(2):
        work = await memory.work(claim)
        assert work.update is not None
        said.append(work.update[1]["text"])
        await memory.keep_turn(claim, work.update[0], "{}", [], wake_at=None, wakes=0)
    assert said == ["یک", "دو"]
    assert (await memory.work(claim)).update is None


async def test_a_place_is_kept_as_it_will_be_shown(memory: Memory):
    await memory.inbox.receive(BOT, [an_update(1)])
    claim = await one_claim(memory)
    place = Message("شعبه ۱۲", pin=Pin(35.7, 51.34, "شعبه ۱۲", "خیابان آزادی"))
    await memory.keep_turn(claim, None, "{}", [place, ASKED], wake_at=None, wakes=0)
    assert [reply.message for reply in (await memory.work(claim)).replies] == [place, ASKED]


async def test_a_chat_has_one_worker_until_the_lease_ends(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(1)])
    first = await one_claim(memory, "first")
    assert await memory.claim("second", bots=[BOT], limit=5) == {}
    clock.pass_(LEASE_SECONDS - 1)
    await memory.renew([first])
    clock.pass_(LEASE_SECONDS - 1)
    assert await memory.claim("second", bots=[BOT], limit=5) == {}
    clock.pass_(2)
    second = await one_claim(memory, "second")
    with pytest.raises(LostLease):
        await memory.work(first)
    with pytest.raises(LostLease):
        await memory.release(first, arrived=1, due_at=None)
    with pytest.raises(LostLease):
        await memory.keep_turn(first, 1, "{}", [ASKED], wake_at=None, wakes=0)
    assert (await memory.work(second)).update is not None, "the stale turn changed nothing"
    assert (await memory.work(second)).replies == []


async def test_a_claim_takes_no_more_than_it_may_however_the_store_plans_it(
    memory_url: str, clock: Clock
):
    url = make_url(memory_url)
    if url.get_backend_name() == "postgresql":
        ways = ("hashjoin", "mergejoin", "hashagg", "sort", "material")
        off = " ".join(f"-c enable_{way}=off" for way in ways)
        url = url.update_query_dict({"options": off})
    store = Store(url.render_as_string(hide_password=False))
    memory = Memory(store, db.keys(), clock=clock)
    await memory.inbox.receive(BOT, [an_update(n, chat=str(n)) for n in range(1, 6)])
    assert len(await memory.claim("a", bots=[BOT], limit=2)) == 2
    await store.close()


async def test_twenty_workers_claim_each_chat_once(memory: Memory):
    await memory.inbox.receive(BOT, [an_update(n, chat=str(n)) for n in range(1, 31)])
    claims = await asyncio.gather(
        *(memory.claim(f"worker {n}", bots=[BOT], limit=4) for n in range(12))
    )
    keys = [claim.key for some in claims for claim in some]
    assert len(keys) == len(set(keys))
    assert len(keys) >= 4


async def test_what_comes_in_while_a_chat_is_let_go_is_worked_on_at_once(memory: Memory):
    await memory.inbox.receive(BOT, [an_update(1, words="یک")])
    [(claim, work)] = (await memory.claim("a", bots=[BOT], limit=5)).items()
    assert work.update is not None
    [reply] = await memory.keep_turn(claim, work.update[0], "{}", [ASKED], wake_at=None, wakes=0)
    await memory.inbox.receive(BOT, [an_update(2, words="دو")])
    ended = Ended(reply.id, "sent")
    left = await memory.release(claim, arrived=work.arrived, due_at=None, ended=ended)
    assert left is not None
    assert left.update is not None
    assert left.update[1]["text"] == "دو"
    assert left.replies == [], "what became of the reply is kept all the same"
    assert await memory.claim("b", bots=[BOT], limit=5) == {}
    assert await memory.release(claim, arrived=left.arrived, due_at=0.0) is None
    assert len(await memory.claim("b", bots=[BOT], limit=5)) == 1


async def test_a_claim_tells_what_its_chats_have_waiting(memory: Memory):
    await memory.inbox.receive(BOT, [an_update(1), an_update(2), an_update(3, chat="8")])
    works = await memory.claim("a", bots=[BOT], limit=5)
    for claim, work in works.items():
        assert work == await memory.work(claim)
        assert work.update is not None
        assert work.update[1]["chat"] == claim.chat
    assert {claim.chat: work.more for claim, work in works.items()} == {"7": True, "8": False}


async def test_the_first_reply_is_begun_with_its_turn_where_the_rates_are_there(
    memory: Memory, clock: Clock
):
    await memory.inbox.receive(BOT, [an_update(1)])
    begun = []
    for _turn in range(5):
        [(claim, work)] = (await memory.claim("a", bots=[BOT], limit=5)).items()
        kept = await memory.keep_turn(
            claim, None, "{}", [ASKED] * 2, wake_at=None, wakes=0, say=Pace(work.spoken_at)
        )
        assert not kept[1].begun
        begun.append(kept[0].begun)
        assert [one.open for one in (await memory.work(claim)).replies] == [begun[-1], False]
        await memory.replies.nobody_there(claim, "gone")
        await memory.release(claim, arrived=work.arrived, due_at=0.0)
    assert begun == [True] * 3 + [False] * 2, "a chat hears no more than its burst at once"


async def test_a_chat_with_nothing_due_is_left_alone(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(1)])
    claim = await one_claim(memory)
    work = await memory.work(claim)
    assert work.update is not None
    await memory.keep_turn(claim, work.update[0], "{}", [], wake_at=None, wakes=0)
    await memory.release(claim, arrived=work.arrived, due_at=clock.now + 60)
    assert await memory.claim("b", bots=[BOT], limit=5) == {}
    clock.pass_(61)
    assert len(await memory.claim("b", bots=[BOT], limit=5)) == 1


async def test_a_reply_is_kept_whole_and_its_text_goes_with_its_outcome(memory: Memory):
    await memory.inbox.receive(BOT, [an_update(1, words="راز")])
    claim = await one_claim(memory)
    assert claim.chat == "7"
    work = await memory.work(claim)
    assert work.update is not None
    await memory.keep_turn(claim, work.update[0], '{"x": 1}', [ASKED], wake_at=None, wakes=0)
    work = await memory.work(claim)
    assert work.state == '{"x": 1}'
    [due] = work.replies
    assert due.message == ASKED
    assert await memory.replies.attempt(claim, due) == 0.0
    [due] = (await memory.work(claim)).replies
    assert due.open
    assert due.attempts == 1
    await memory.replies.conclude(claim, Ended(due.id, "sent", provider_id="55"))
    assert (await memory.work(claim)).replies == []
    with memory.store.reading() as connection:
        kept = connection.execute(select(replies)).one()
        came = connection.execute(select(inbox)).one()
    assert (kept.outcome, kept.provider_id, kept.text) == ("sent", "55", None)
    assert came.raw is None


async def test_nothing_of_a_person_stands_in_clear(memory: Memory, memory_url: str):
    await memory.inbox.receive(BOT, [an_update(1, chat="998877665544", words="سخن نهان")])
    claim = await one_claim(memory)
    await memory.keep_turn(claim, None, "{}", [Message("پاسخ نهان")], wake_at=None, wakes=0)
    with memory.store.reading() as connection:
        for table in (inbox, chats, replies):
            for row in connection.execute(select(table)).all():
                line = b" ".join(
                    value if isinstance(value, bytes) else str(value).encode() for value in row
                )
                assert "نهان".encode() not in line
                assert b"998877665544" not in line


async def test_a_chat_hears_one_message_a_second_after_a_short_burst(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(1)])
    claim = await one_claim(memory)
    await memory.keep_turn(claim, None, "{}", [ASKED] * 5, wake_at=None, wakes=0)
    waits = [await memory.replies.attempt(claim, due) for due in (await memory.work(claim)).replies]
    assert waits[:3] == [0.0] * 3
    assert 0.5 < waits[3] <= 1.0
    clock.pass_(waits[3])
    assert await memory.replies.attempt(claim, (await memory.work(claim)).replies[3]) == 0.0


async def test_a_bot_says_ten_replies_a_second_over_all_chats(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(n, chat=str(n)) for n in range(1, 16)])
    waits = []
    for claim in await memory.claim("a", bots=[BOT], limit=20):
        await memory.keep_turn(claim, None, "{}", [ASKED], wake_at=None, wakes=0)
        [due] = (await memory.work(claim)).replies
        waits.append(await memory.replies.attempt(claim, due))
    assert waits.count(0.0) in {10, 11, 12}
    assert all(0 < wait < 1 for wait in waits[12:])


async def test_a_wait_that_a_messenger_asked_for_silences_the_whole_bot(
    memory: Memory, clock: Clock
):
    await memory.inbox.receive(BOT, [an_update(1, chat="1"), an_update(2, chat="2")])
    one, other = await memory.claim("a", bots=[BOT], limit=5)
    for claim in (one, other):
        await memory.keep_turn(claim, None, "{}", [ASKED], wake_at=None, wakes=0)
    [due] = (await memory.work(one)).replies
    await memory.replies.postpone(one, due, seconds=30, still_open=False, silent=True)
    [due] = (await memory.work(other)).replies
    assert 29 < await memory.replies.attempt(other, due) <= 30
    clock.pass_(31)
    assert await memory.replies.attempt(other, due) == 0.0


async def test_one_process_polls_a_bot_and_a_stale_one_keeps_nothing(memory: Memory, clock: Clock):
    assert await memory.inbox.lead(BOT, "first") is None
    with pytest.raises(LostLease):
        await memory.inbox.lead(BOT, "second")
    assert await memory.inbox.receive_polled(BOT, "first", [an_update(41), an_update(42)]) == 2
    assert await memory.inbox.lead(BOT, "first") == 43
    clock.pass_(POLLER_SECONDS + 1)
    assert await memory.inbox.lead(BOT, "second") == 43
    with pytest.raises(LostLease):
        await memory.inbox.receive_polled(BOT, "first", [an_update(43)])
    assert await memory.inbox.waiting() == 2
    await memory.inbox.stop_leading(BOT, "second")
    assert await memory.inbox.lead(BOT, "third") == 43


async def test_a_poller_that_was_away_for_a_day_trusts_no_offset(memory: Memory, clock: Clock):
    await memory.inbox.lead(BOT, "first")
    await memory.inbox.receive_polled(BOT, "first", [an_update(41)])
    clock.pass_(90_000)
    assert await memory.inbox.lead(BOT, "first") is None


async def test_what_was_done_with_is_forgotten_after_two_days(memory: Memory, clock: Clock):
    await memory.inbox.receive(BOT, [an_update(1), an_update(2)])
    claim = await one_claim(memory)
    work = await memory.work(claim)
    assert work.update is not None
    await memory.keep_turn(claim, work.update[0], "{}", [ASKED], wake_at=None, wakes=0)
    clock.pass_(47 * 3600)
    assert await memory.forget() == 0
    clock.pass_(2 * 3600)
    assert await memory.forget() == 1
    assert await memory.inbox.waiting() == 1, "what had no turn yet is never forgotten"


async def a_turn(memory: Memory, number: int) -> Claim:
    """Let a chat write, and be done with."""
    await memory.inbox.receive(BOT, [an_update(number)])
    claim = await one_claim(memory)
    work = await memory.work(claim)
    assert work.update is not None
    await memory.keep_turn(claim, work.update[0], "{}", [], wake_at=None, wakes=0)
    assert await memory.release(claim, arrived=work.arrived, due_at=None) is None
    return claim


async def test_a_chat_that_was_silent_for_a_year_is_forgotten(memory: Memory, clock: Clock):
    claim = await a_turn(memory, 1)
    with memory.store.writing("arranged") as connection:
        connection.execute(update(chats).values(spoken_at=memory.now()))
    await memory.inbox.receive(BOT, [an_update(2, chat="8")])
    clock.pass_(SILENT_SECONDS - 3600)
    await memory.forget()
    assert await memory.forget_silent() == 0
    clock.pass_(7200)
    assert await memory.forget_silent(limit=1) == 1
    waiting = await one_claim(memory)
    assert waiting.key != claim.key, "what waits is never forgotten"


async def test_what_a_silent_chat_wrote_today_keeps_it(memory: Memory, clock: Clock):
    await a_turn(memory, 1)
    assert await memory.forget_silent() == 0
    clock.pass_(49 * 3600)
    await memory.forget()
    assert await memory.forget_silent() == 1


@pytest.mark.parametrize("url", ["", "var/bots.db", "mysql://host/x", "sqlite"])
def test_a_wrong_address_is_said_in_one_sentence(url: str):
    with pytest.raises(BadStore, match="BOTS_DATABASE_URL is no database address"):
        Store(url)


async def test_a_store_that_is_not_there_is_said_in_one_sentence():
    store = Store("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(BadStore, match="cannot be reached"):
        await store.check()
    await store.close()


async def test_the_clock_of_the_store_counts_where_machines_share_one(memory: Memory):
    await memory.tune()
    with memory.store.reading() as connection:
        if memory.store.dialect == "postgresql":
            theirs = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
            assert abs(memory.now() - float(theirs)) < 5


def test_one_chat_number_is_two_chats_of_two_bots(memory: Memory):
    assert memory.inbox.key_of(BOT, "7") != memory.inbox.key_of("telegram:people", "7")
    assert len(memory.inbox.key_of(BOT, "7")) == 32
