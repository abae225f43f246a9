"""The invented country is whole, valid and the same each time."""

import csv
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.country.calendar import is_leap, jalali
from sandbox.country.writing import HEADERS, write

ON = date(2026, 11, 22)
VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture(scope="module")
def country(tmp_path_factory) -> Path:
    out: Path = tmp_path_factory.mktemp("country")
    write(out, on=ON, seed=1405)
    return out


def rows(country: Path, name: str) -> list[dict[str, str]]:
    with (country / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cards(country: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((country / "people.json").read_text(encoding="utf-8"))[
        "people"
    ]
    return found


def test_the_same_seed_and_day_give_the_same_bytes(country: Path, tmp_path):
    write(tmp_path, on=ON, seed=1405)
    names = sorted(file.name for file in country.iterdir())
    assert names == sorted([f"{name}.csv" for name in HEADERS] + ["people.json"])
    assert all((tmp_path / one).read_bytes() == (country / one).read_bytes() for one in names)
    write(tmp_path, on=ON, seed=1406)
    assert (tmp_path / "people.csv").read_bytes() != (country / "people.csv").read_bytes()


def test_there_are_as_many_of_each_as_promised(country: Path):
    counts = {name: len(rows(country, name)) for name in HEADERS}
    assert counts["people"] == 200
    assert counts["employers"] == 40
    assert counts["workshops"] == counts["branches"] == 60
    assert counts["debts"] == 300


def test_every_key_is_there_once_and_every_reference_is_met(country: Path):
    people = {row["national_code"] for row in rows(country, "people")}
    employers = {row["employer_no"] for row in rows(country, "employers")}
    branches = {row["branch_code"] for row in rows(country, "branches")}
    workshops = {row["workshop_code"]: row for row in rows(country, "workshops")}
    assert (len(people), len(employers), len(branches), len(workshops)) == (200, 40, 60, 60)
    assert len({row["debt_number"] for row in rows(country, "debts")}) == 300
    assert len({row["day"] for row in rows(country, "holidays")}) == len(rows(country, "holidays"))
    for code, row in workshops.items():
        assert re.fullmatch(r"\d{10}", code)
        assert code.startswith(row["branch_code"])
        assert row["branch_code"] in branches
        assert row["employer_no"] in employers
    contacts = rows(country, "contacts")
    assert {row["national_code"] for row in contacts} <= people
    assert {row["workshop_code"] for row in contacts} == set(workshops)
    assert len({(row["workshop_code"], row["national_code"]) for row in contacts}) == len(contacts)
    assert {row["workshop_code"] for row in rows(country, "debts")} <= set(workshops)
    naturals = {r["employer_no"] for r in rows(country, "employers") if r["kind"] == "natural"}
    assert naturals <= people


def _national_code_is_valid(code: str) -> bool:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(code[:9])) % 11
    return int(code[9]) == (rest if rest < 2 else 11 - rest)


def _legal_id_is_valid(code: str) -> bool:
    """The published sum, written anew: weights by place, each digit raised by the tenth plus two."""
    weights = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)
    total = sum((int(code[n]) + int(code[9]) + 2) * weights[n] for n in range(10))
    return total % 11 % 10 == int(code[10])


@pytest.mark.parametrize("name", ["national_code", "legal_id"])
def test_what_these_tests_call_valid_is_what_the_vectors_do(name):
    judge = {"national_code": _national_code_is_valid, "legal_id": _legal_id_is_valid}[name]
    cases = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        if case["valid"]:
            assert judge(str(case.get("normalized", case["input"])))
        elif case["reason"] == "check_digit":
            assert not judge(case["input"])


def test_every_code_and_number_is_valid(country: Path):
    for row in rows(country, "people"):
        assert _national_code_is_valid(row["national_code"])
        assert re.fullmatch(r"(0900\d{7})?", row["phone"])
        assert row["email"].endswith("@example.org") or not row["email"]
    for row in rows(country, "employers"):
        valid = _legal_id_is_valid if row["kind"] == "legal" else _national_code_is_valid
        assert valid(row["employer_no"])
    phones = [row["phone"] for row in rows(country, "people") if row["phone"]]
    assert len(set(phones)) == len(phones) == 188
    mails = [row["email"] for row in rows(country, "people") if row["email"]]
    assert len(set(mails)) == len(mails) == 170


def test_the_calendar_agrees_with_the_vectors():
    vectors = json.loads((VECTORS / "jalali_calendar.json").read_text(encoding="utf-8"))
    for case in vectors["cases"]:
        day = jalali(date.fromisoformat(case["gregorian"]))
        assert f"{day.year}-{day.month:02}-{day.day:02}" == case["jalali"]
    assert [y for y in range(1370, 1430) if is_leap(y)] == vectors["leap_years_1370_1429"]


def test_the_jobs_have_something_to_do_on_the_day(country: Path):
    open_ = [row for row in rows(country, "debts") if row["state"] == "open"]
    notices = [row for row in open_ if row["step"] == "notice"]
    until = Counter(row["objection_until"] for row in notices)
    assert until[str(jalali(ON + timedelta(days=10)))] >= 24
    assert until[str(jalali(ON + timedelta(days=3)))] >= 18
    assert until[str(jalali(ON))] >= 12
    assert sum(row["issued_on"] == str(jalali(ON)) for row in open_) >= 20
    assert {row["step"] for row in open_} == {"notice", "objection", "ruling", "enforcement"}
    assert {row["kind"] for row in open_} == {"estimated", "definite"}
    for row in rows(country, "debts"):
        assert row["period_from"] <= row["period_to"]
        assert row["due_on"] < row["issued_on"] < row["objection_until"]
        assert 0 <= int(row["paid"]) <= int(row["principal"]) + int(row["list_fine"])
    closed = [row for row in rows(country, "debts") if row["state"] == "closed"]
    assert all(int(r["paid"]) == int(r["principal"]) + int(r["list_fine"]) for r in closed)


def test_the_head_of_the_list_lives_the_main_job(country: Path):
    owner, by_sms, by_mail, english = cards(country)[:4]
    assert [one["hint"] for one in (owner, by_sms, by_mail)] == ["start", "only_sms", "only_mail"]
    theirs = {role["workshop_code"] for role in owner["roles"]}
    assert len(theirs) == len(owner["facts"]) == 2
    open_ = [
        r for r in rows(country, "debts") if r["workshop_code"] in theirs and r["state"] == "open"
    ]
    assert len(open_) >= 5
    (shared,) = {role["workshop_code"] for role in by_sms["roles"] + by_mail["roles"]}
    assert shared in theirs
    assert (bool(by_sms["phone"]), by_sms["email"]) == (True, "")
    assert (by_mail["phone"], bool(by_mail["email"])) == ("", True)
    assert (english["language"], len(english["roles"])) == ("en", 3)


def test_some_workplaces_have_three_contacts_and_some_people_three_workplaces(country: Path):
    contacts = rows(country, "contacts")
    per_workshop = Counter(row["workshop_code"] for row in contacts)
    per_person = Counter(row["national_code"] for row in contacts)
    assert sum(count >= 3 for count in per_workshop.values()) >= 10
    assert sum(count >= 3 for count in per_person.values()) >= 3
    assert sum(not one["roles"] for one in cards(country)) >= 50
