"""The record as a picture and on paper: drawn, shaped, checkable, and nobody else's."""

import json
import re
import struct
import zlib
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api.access.rules import ChatAddress
from api.client import knock
from api.db import Store
from api.kit import codes
from api.kit.calendar import Month
from api.kit.language import Language
from api.kit.speech import Speech
from api.notices import checking
from api.people.models import Person
from api.printing import printer
from api.printing.printer import Sheet
from api.records import papers, service
from tests.api.records.test_doors import CHAT, OTHER, _children, link  # noqa: F401
from tests.support import core, make
from tests.support.drawing import PNG, QuickPrinter

EVERY = tuple(Language)
# What is drawn knows no store.
ONE_STORE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def person(store: Store) -> Person:
    """Somebody insured from Bahman 1403 to Khordad 1404, with a gap and a month of 12 days."""
    with store.writing("test") as session:
        made = make.person(session, first_name="مریم", last_name="آزادی")
        make.record(session, made, {"1403-11": 12, "1403-12": 30, "1404-03": 31})
        link(session, made)
        return made


def drawn(session: Session, person: Person, language: Language, kind: str) -> Sheet:
    given: dict[str, Any] = {"person_id": person.id, "language": language, "now": make.NOW}
    if kind == "png":
        return papers.picture(session, **given)
    return papers.paper(session, **given, public_url="https://here.example/")


async def ask(
    store: Store,
    path: str,
    printer: Any,
    *,
    chat: ChatAddress = CHAT,
    grant: str = "",
    language: str = "en",
) -> httpx.Response:
    app = core.app(store)
    app.state.printer = printer
    headers = {"Accept-Language": language, **({"X-For": grant} if grant else {})}
    async with core.doors(app, X_Chat=str(chat)) as doors:
        return await doors.get(f"/v1/records/{path}", headers=headers)


@pytest.mark.parametrize(("path", "kind"), [("picture", "image/png"), ("paper", "application/pdf")])
async def test_a_file_is_answered_that_nobody_keeps(store, person, path, kind):
    quick = QuickPrinter()
    answer = await ask(store, path, quick)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    ending = kind.rpartition("/")[2]
    assert answer.headers["content-disposition"] == f'attachment; filename="record-1404.{ending}"'
    assert answer.headers["cache-control"] == "no-store"
    [sheet] = quick.sheets
    assert (sheet.kind, sheet.said["language"]) == (ending, "en")
    assert sheet.said["long"] == "2 months and 13 days"
    assert sheet.said["name"] == "م*** آ***"


async def test_each_month_is_told_apart(store, person):
    with store.reading() as session:
        said = drawn(session, person, Language.EN, "png").said
    assert [[cell["kind"] for cell in one["cells"]] for one in said["years"]] == [
        ["empty"] * 10 + ["part", "full"],
        ["gap", "gap", "full"] + ["empty"] * 9,
    ]
    assert said["years"][0]["cells"][10]["days"] == "12"


@pytest.mark.parametrize("path", ["picture", "paper"])
async def test_another_record_is_not_there_and_an_empty_one_neither(store, person, path):
    with store.writing("test") as session:
        parent, stranger = make.person(session), make.person(session)
        child = make.dependant(session, of=parent)
        make.record(session, child, {"1405-06": 10})
        (grant,) = link(session, parent, OTHER)
        make.dependant(session, of=stranger)
        (theirs,) = link(session, stranger, ChatAddress("telegram", "people", "3"))
    quick = QuickPrinter()
    assert (await ask(store, path, quick, chat=OTHER, grant=grant)).status_code == 200
    answers = {
        (answer.status_code, answer.text)
        for chat, one in ((CHAT, grant), (CHAT, theirs), (CHAT, str(child.id)), (OTHER, ""))
        for answer in [await ask(store, path, quick, chat=chat, grant=one)]
    }
    assert answers == {(404, '{"code":"not_found","params":{}}')}
    stranger_chat = await ask(store, path, quick, chat=ChatAddress("telegram", "people", "9"))
    assert stranger_chat.status_code == 403
    assert len(quick.sheets) == 1, "nothing is drawn for who may not have it"


async def test_the_client_has_the_file_with_its_name(store, person):
    # The application closes its pool when it stops; this connection is the test's own.
    store.bind.detach()
    with core.running(store, threads=1) as running:
        running.app.state.printer = QuickPrinter()
        client = running.client()
        token = knock.current.set(knock.Knock(chat=str(CHAT), language="fa"))
        try:
            paper = await client.records.picture()
        finally:
            knock.current.reset(token)
            await client.close()
    assert (paper.name, paper.media_type) == ("record-1404.png", "image/png")
    assert paper.content.startswith(PNG)


@ONE_STORE
@pytest.mark.parametrize("language", EVERY)
def test_a_picture_of_35_years_is_one_that_messengers_show(session, language):
    sheet = drawn(session, long_record(session), language, "png")
    picture = printer.typeset(sheet.drawing, sheet.kind, json.dumps(sheet.said))
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, width < height) == (1080, True)
    # core.telegram.org/bots/api#sendphoto
    assert width + height <= 10_000
    assert len(picture) < 2**20


@ONE_STORE
@pytest.mark.parametrize("language", EVERY)
def test_a_picture_has_a_cell_a_month_and_letters_beside(session, language):
    sheet = drawn(session, long_record(session, years=12), language, "png")
    small = printer._compiler(sheet.drawing).compile(
        format="png", ppi=36, sys_inputs={"said": json.dumps(sheet.said)}
    )
    assert isinstance(small, bytes)
    width, rows = pixels(small)
    seen = Counter(row[place : place + 3].hex() for row in rows for place in range(0, width * 3, 3))
    whole, part, gap = (seen[colour] for colour in ("0b5f58", "bfe0da", "fff4e8"))
    assert whole > 8 * part > 0, "ten months of a year are whole, one is a part"
    assert gap > part / 2, "and one is a gap"
    # Letters have soft edges: far more shades than there are colours.
    assert len(seen) > 100


@ONE_STORE
@pytest.mark.parametrize("language", EVERY)
def test_a_paper_of_35_years_holds_its_words_in_the_readers_letters(session, language):
    sheet = drawn(session, long_record(session), language, "pdf")
    pdf = printer.typeset(sheet.drawing, sheet.kind, json.dumps(sheet.said))
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    told = letters(pdf)
    assert set("".join(sheet.said["months"])) - {" ", "\u200c"} <= told
    assert set(speaking(language, "1405")) | set(sheet.said["code"]) <= told


def test_the_code_of_a_paper_vouches_for_its_day_and_its_days(session):
    made = long_record(session)
    code = codes.parse_paper_code(drawn(session, made, Language.EN, "pdf").said["code"])
    assert code is not None
    total = service.mine(session, person_id=made.id).total.all_days
    assert papers.vouched(code) == (make.TODAY, total)
    said = checking.check(session, codes.grouped(code).lower(), language="en")
    assert (said.genuine, said.paper, said.day) == (True, True, make.TODAY)
    assert said.subject == f"an insurance record of {total:,} days"


def test_a_code_that_was_altered_anywhere_vouches_for_nothing(session):
    code = papers.code_of(make.TODAY, 4321)
    for place in range(16):
        letter = "7" if code[place] != "7" else "8"
        assert papers.vouched(code[:place] + letter + code[place + 1 :]) is None
    said = checking.check(session, "0" * 16, language="en")
    assert (said.genuine, said.paper, said.day) == (False, True, None)


async def test_the_square_opens_a_page_that_says_yes_or_no(store, person):
    code = papers.code_of(make.TODAY, 91)
    async with core.doors(core.app(store)) as doors:
        yes = await doors.get(f"/check/{code}?lang=en")
        no = await doors.get(f"/check/{code[:-1]}{'7' if code[-1] != '7' else '8'}?lang=en")
        none = await doors.get("/check/<b>?lang=en")
    assert (yes.status_code, no.status_code, none.status_code) == (200, 404, 404)
    assert "This paper is from us" in yes.text
    assert "an insurance record of 91 days" in yes.text
    assert "No paper of ours" in no.text
    assert "<b>" not in none.text


def long_record(session: Session, *, years: int = 35) -> Person:
    """So many years, a gap and a part of a month in each of them."""
    person = make.person(session)
    first = Month.of(make.TODAY).plus(-12 * years + 1)
    months = [first.plus(number) for number in range(12 * years)]
    days = {str(one): 12 if one.month == 7 else one.days for one in months if one.month != 3}
    make.record(session, person, days)
    return person


def speaking(language: Language, digits: str) -> str:
    return Speech(language).digits(digits)


def letters(pdf: bytes) -> set[str]:
    """All letters that a reader of the text finds (ISO 32000, 9.10.3: ToUnicode)."""
    found: set[str] = set()
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            plain = zlib.decompress(packed)
        except zlib.error:
            continue
        for section in re.findall(rb"beginbf(?:char|range)(.*?)endbf", plain, re.DOTALL):
            for written in re.findall(rb"<([0-9A-Fa-f]+)>\s*(?:\n|$)", section):
                found.update(bytes.fromhex(written.decode()).decode("utf-16-be"))
    return found


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """The width of an eight-bit picture and its rows, three bytes a pixel (PNG, third edition, 9)."""
    width, _height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    wide = {2: 3, 6: 4}[colour]
    at, packed = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw, stride = zlib.decompress(packed), width * wide
    rows, above = [], bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        above = unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, wide)
        rows.append(b"".join(bytes(above[n : n + 3]) for n in range(0, stride, wide)))
    return width, rows


def unfiltered(kind: int, row: bytes, above: bytearray, wide: int) -> bytearray:
    """A row of a picture, its filter undone."""
    made = bytearray(wide) + row
    over = bytearray(wide) + above
    for n in range(wide, len(made)):
        left, up, corner = made[n - wide], over[n], over[n - wide]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda one, guess=guess: abs(guess - one))  # type: ignore[misc]
        added = (0, left, up, (left + up) // 2, nearest)[kind]
        made[n] = made[n] + added & 255
    return made[wide:]
