"""A chain that was bent is found to be, by arithmetic alone."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from api.audit import chain
from api.audit.chain import Anchor, Checker, Head, Report, Row
from tests.support import luck

ROWS = 9
DAY = "2026-11-23"


def sealed(row: Row, number: int, before: bytes) -> Row:
    salt = bytes([number]) * 16
    committed = chain.commitment(salt, actor=row.actor, subject=row.subject, detail=row.detail)
    seal = chain.link(before, row, number=number, commitment=committed)
    return replace(row, number=number, salt=salt, commitment=committed, seal=seal)


def chained(rows: Sequence[Row]) -> list[Row]:
    """Seal rows as whoever owns the store could."""
    made: list[Row] = []
    for row in rows:
        before = made[-1].seal if made else chain.FIRST
        assert before is not None
        made.append(sealed(row, len(made) + 1, before))
    return made


def trail() -> list[Row]:
    return chained(
        [
            Row(
                None,
                f"00000000-0000-7000-8000-{number:012d}",
                f"2026-11-23T10:00:{number:02d}.000000+00:00",
                f"person:{number}",
                "chat_linked",
                f"link:{number}",
                {"twice": False, "count": number},
            )
            for number in range(1, ROWS + 1)
        ]
    )


def head_of(rows: Sequence[Row]) -> Head:
    last = rows[-1]
    assert last.number is not None
    assert last.seal is not None
    return Head(last.number, last.seal)


def checked(rows: Sequence[Row], head: Head | None, *anchors: Anchor) -> Report:
    checker = Checker(anchors)
    for row in rows:
        checker.take(row)
    return checker.end(head)


def anchor_at(rows: Sequence[Row], number: int) -> Anchor:
    seal = rows[number - 1].seal
    assert seal is not None
    return Anchor(DAY, number, seal)


def places(report: Report) -> list[int]:
    return [one.number for one in report.findings]


def test_a_trail_that_nobody_touched_is_whole():
    rows = trail()
    report = checked(rows, head_of(rows), anchor_at(rows, 4), anchor_at(rows, ROWS))
    assert (report.is_whole, report.sealed, report.anchors) == (True, ROWS, 2)


def test_a_trail_that_has_not_begun_is_whole():
    assert checked([], None).is_whole


@pytest.mark.parametrize("number", range(1, ROWS + 1))
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "00000000-0000-7000-8000-00000000ffff"),
        ("at", "2026-11-23T09:59:59.999999+00:00"),
        ("actor", "person:0"),
        ("verb", "nothing"),
        ("subject", "link:0"),
        ("detail", {"twice": True}),
        ("salt", bytes(16)),
        ("commitment", bytes(32)),
        ("seal", bytes(32)),
        ("salt", None),
        ("commitment", None),
        ("seal", None),
    ],
)
def test_a_changed_column_is_found_in_its_row(number: int, column: str, value: Any):
    rows = trail()
    head = head_of(rows)
    rows[number - 1] = replace(rows[number - 1], **{column: value})
    report = checked(rows, head)
    assert set(places(report)) == {number}


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_a_row_that_is_gone_is_named(number: int):
    rows = trail()
    head = head_of(rows)
    del rows[number - 1]
    assert places(checked(rows, head)) == [number]


def test_rows_that_are_gone_with_the_number_of_others_are_found():
    """Whoever closes the gap by renumbering breaks every seal."""
    rows = trail()
    head = head_of(rows)
    del rows[3]
    closed = [replace(row, number=place) for place, row in enumerate(rows, 1)]
    assert places(checked(closed, head))[0] == 4


def test_two_rows_in_each_other_s_place_are_found():
    rows = trail()
    head = head_of(rows)
    rows[2], rows[6] = replace(rows[6], number=3), replace(rows[2], number=7)
    assert {3, 7} <= set(places(checked(rows, head)))
    rows = trail()
    rows[2], rows[3] = rows[3], rows[2]
    assert places(checked(rows, head)) == [3, 3]


def test_a_row_put_in_is_found():
    rows = trail()
    head = head_of(rows)
    assert places(checked([*rows, sealed(rows[0], ROWS + 1, head.seal)], head)) == [ROWS + 1]
    assert places(checked([*rows[:5], replace(rows[0], number=5), *rows[5:]], head)) == [5]


@pytest.mark.parametrize("left", range(ROWS))
def test_a_tail_that_was_cut_is_found_by_the_head(left: int):
    rows = trail()
    assert places(checked(rows[:left], head_of(rows))) == [left + 1]


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_whoever_seals_all_anew_is_found_by_the_anchor(number: int):
    """Who owns the store can compute the whole chain again, but not what stands outside."""
    rows = trail()
    anchors = anchor_at(rows, 3), anchor_at(rows, ROWS)
    bent = chained([*rows[: number - 1], replace(rows[number - 1], verb="x"), *rows[number:]])
    report = checked(bent, head_of(bent), *anchors)
    assert places(report) == ([3, ROWS] if number <= 3 else [ROWS])
    assert f"rows {1 if number <= 3 else 4} to" in report.findings[-1].what


def test_whoever_cuts_behind_an_anchor_and_mends_the_head_is_found():
    rows = trail()
    report = checked(rows[:6], head_of(rows[:6]), anchor_at(rows, 3), anchor_at(rows, 8))
    assert (places(report), report.anchors) == ([7], 1)


def emptied(rows: list[Row], *numbers: int, told: str | None) -> list[Row]:
    """Empty rows, and say so in an entry that is sealed, unless nothing is told."""
    left = [
        replace(row, actor="", subject="", detail={}, salt=None) if row.number in numbers else row
        for row in rows
    ]
    if told is None:
        return left
    said = replace(rows[0], actor="sweep", verb=chain.EMPTIED, detail={"rows": told})
    return [*left, sealed(said, len(rows) + 1, head_of(rows).seal)]


def test_rows_that_were_emptied_by_a_rule_leave_the_chain_whole():
    rows = emptied(trail(), 2, 3, 7, told="2-3,7")
    report = checked(rows, head_of(rows), anchor_at(trail(), 3))
    assert (report.is_whole, report.emptied, report.anchors) == (True, 3, 1)


def test_a_rule_that_is_not_sealed_yet_will_do():
    rows = trail()
    said = replace(rows[0], number=None, salt=None, commitment=None, seal=None)
    said = replace(said, verb=chain.EMPTIED, detail={"rows": "2"})
    report = checked([*emptied(rows, 2, told=None), said], head_of(rows))
    assert (report.is_whole, report.waiting) == (True, 1)


@pytest.mark.parametrize("told", [None, "", "3-9", "x", "-2", "٢"])
def test_a_row_that_somebody_emptied_in_silence_is_found(told: str | None):
    rows = emptied(trail(), 2, told=told)
    assert places(checked(rows, head_of(rows))) == [2]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "x"),
        ("subject", "x"),
        ("detail", {"a": 1}),
        ("detail", None),
        ("at", "2026"),
        ("verb", "x"),
        ("id", "x"),
        ("salt", bytes(16)),
        ("commitment", bytes(32)),
    ],
)
def test_what_stays_of_an_emptied_row_cannot_be_changed(column: str, value: Any):
    rows = emptied(trail(), 4, told="4")
    rows[3] = replace(rows[3], **{column: value})
    assert set(places(checked(rows, head_of(rows)))) == {4}


def test_an_entry_whose_number_was_taken_away_is_found():
    rows = trail()
    head = head_of(rows)
    taken = replace(rows.pop(4), number=None)
    assert places(checked([*rows, taken], head)) == [5, ROWS + 1]


def test_a_head_that_was_changed_is_found():
    rows = trail()
    assert places(checked(rows, None)) == [1]
    assert places(checked(rows, Head(ROWS, bytes(32)))) == [ROWS]
    assert places(checked(rows, head_of(rows[:5]))) == [6]


def test_numbers_are_written_shortly_and_read_again():
    chance = random.Random(luck.seed())
    for _ in range(200):
        numbers = chance.sample(range(1, 40), chance.randint(1, 30))
        read = chain.in_ranges(chain.ranges(numbers))
        assert sorted(one for a, b in read for one in range(a, b + 1)) == sorted(numbers)
    assert chain.ranges([9, 3, 7, 8]) == "3,7-9"


def test_of_many_findings_a_hundred_are_kept_and_all_are_counted():
    bent = [replace(row, verb="x") for row in chained(trail()[:1] * 150)]
    report = checked(bent, head_of(bent))
    assert (report.found, len(report.findings)) == (150, 100)
