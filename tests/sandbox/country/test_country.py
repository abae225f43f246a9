"""The invented country is whole, valid and the same each time."""

import csv
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.country.calendar import Day, is_leap, jalali, length, months_before
from sandbox.country.writing import HEADERS, write

ON = date(2026, 11, 22)
VECTORS = Path(__file__).parents[2] / "vectors"
KINDS = ("employer", "contact", "self_employed", "voluntary", "worker", "spouse", "child")


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
    assert counts["people"] >= 350
    assert counts["contracts"] == 80
    assert counts["dependants"] >= 100
    assert counts["employers"] == 40
    assert counts["workshops"] == counts["branches"] == 60
    assert counts["debts"] == 300


def test_every_key_is_there_once_and_every_reference_is_met(country: Path):
    people = {row["national_code"] for row in rows(country, "people")}
    assert len(people) == len(rows(country, "people")) == len(cards(country))
    employers = {row["employer_no"] for row in rows(country, "employers")}
    branches = {row["branch_code"] for row in rows(country, "branches")}
    workshops = {row["workshop_code"]: row for row in rows(country, "workshops")}
    assert (len(employers), len(branches), len(workshops)) == (40, 60, 60)
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
    assert len(set(phones)) == len(phones) > 300
    mails = [row["email"] for row in rows(country, "people") if row["email"]]
    assert len(set(mails)) == len(mails) > 250


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


def test_a_person_can_be_of_every_kind(country: Path):
    kinds = Counter(kind for one in cards(country) for kind in one["kinds"])
    assert set(kinds) == set(KINDS)
    assert sum("employer" in one["kinds"] and len(one["kinds"]) > 1 for one in cards(country)) >= 5
    assert sum(one["kinds"] == [] for one in cards(country)) >= 3


def test_contracts_are_of_both_kinds_every_cover_and_every_state(country: Path):
    contracts = rows(country, "contracts")
    assert len({row["contract_no"] for row in contracts}) == len(contracts)
    assert all(re.fullmatch(r"[1-9]\d{7}", row["contract_no"]) for row in contracts)
    assert {(row["kind"], row["cover"]) for row in contracts} == {
        ("self_employed", "A"),
        ("self_employed", "B"),
        ("self_employed", "C"),
        ("voluntary", ""),
    }
    assert {row["state"] for row in contracts} == {"active", "lapsed", "ended"}
    assert all(bool(row["ends_on"]) == (row["state"] == "ended") for row in contracts)
    people = {row["national_code"] for row in rows(country, "people")}
    branches = {row["branch_code"] for row in rows(country, "branches")}
    assert {row["national_code"] for row in contracts} <= people
    assert {row["branch_code"] for row in contracts} <= branches
    # Between thirty days of the minimum wage and seven times that (domain page, contributions).
    assert all(30 * 3_463_656 <= int(row["monthly_base"]) <= 210 * 3_463_656 for row in contracts)
    assert any(int(row["monthly_base"]) % 100_000 for row in contracts)


def test_no_month_on_record_is_longer_than_it_was_nor_of_tomorrow(country: Path):
    days: Counter[tuple[str, str]] = Counter()
    keys = set()
    last = months_before(jalali(ON), 2).period
    for row in rows(country, "records"):
        days[row["national_code"], row["month"]] += int(row["days"])
        keys.add((row["national_code"], row["month"], row["source_code"]))
        assert int(row["days"]) > 0
        assert int(row["wage"]) > 0
        assert row["month"] <= last
    assert len(keys) == len(rows(country, "records"))
    for (_, month), worked in days.items():
        assert worked <= length(*map(int, month.split("-")))
    months = Counter(person for person, _ in days)
    assert max(months.values()) >= 10 * 12


def test_records_have_gaps_and_places_that_are_known(country: Path):
    workshops = {row["workshop_code"]: row for row in rows(country, "workshops")}
    contracts = {row["national_code"]: row for row in rows(country, "contracts")}
    months: dict[str, set[int]] = {}
    for row in rows(country, "records"):
        year, month = map(int, row["month"].split("-"))
        months.setdefault(row["national_code"], set()).add(year * 12 + month)
        place = workshops.get(row["source_code"])
        if place:
            registered = place["registered_on"].replace("/", "-")[:7]
            assert (row["place_name"], row["month"] >= registered) == (place["name"], True)
        if row["place_name"] in {"حرف و مشاغل آزاد", "بیمهٔ اختیاری"}:
            contract = contracts[row["national_code"]]
            assert row["source_code"].startswith(contract["branch_code"])
            assert row["month"] >= contract["starts_on"]
            assert row["month"] <= (contract["ends_on"] or row["month"])
    with_gaps = [one for one, counts in months.items() if max(counts) - min(counts) >= len(counts)]
    assert len(with_gaps) > 50
    assert set(contracts) <= set(months)
    assert all(re.fullmatch(r"\d{10}", row["source_code"]) for row in rows(country, "records"))


def test_the_first_month_on_record_is_the_fact_on_the_card(country: Path):
    first: dict[str, str] = {}
    for row in rows(country, "records"):
        first[row["national_code"]] = min(first.get(row["national_code"], "9"), row["month"])
    for card in cards(country):
        facts = [fact["month"] for fact in card["facts"] if fact["kind"] == "first_month"]
        assert facts == ([first[card["id"]]] if card["id"] in first else [])


def test_last_workplace_that_is_registered_is_a_fact_on_the_card(country: Path):
    names = {row["workshop_code"]: row["name"] for row in rows(country, "workshops")}
    last: dict[str, tuple[str, str]] = {}
    for row in rows(country, "records"):
        if row["source_code"] in names:
            latest = (row["month"], names[row["source_code"]])
            last[row["national_code"]] = max(last.get(row["national_code"], latest), latest)
    assert last
    for card in cards(country):
        facts = [fact["words"] for fact in card["facts"] if fact["kind"] == "last_workplace"]
        assert facts == ([last[card["id"]][1]] if card["id"] in last else [])


def test_families_have_children_of_every_age_and_nobody_twice(country: Path):
    kin = rows(country, "dependants")
    born = {row["national_code"]: row["birth_date"] for row in rows(country, "people")}
    assert {row["relation"] for row in kin} == {"spouse", "child"}
    assert len({row["dependant_code"] for row in kin}) == len(kin)
    assert all(row["since"] < (row["until"] or "9") for row in kin)
    children = [row for row in kin if row["relation"] == "child"]
    of_age = str(Day(jalali(ON).year - 18, jalali(ON).month, jalali(ON).day))
    young = [row for row in children if born[row["dependant_code"]] > of_age]
    assert len(young) >= 30
    assert len(children) - len(young) >= 10
    assert not any(row["until"] for row in young)
    home = {row["national_code"]: row["address"] for row in rows(country, "people")}
    assert all(home[row["national_code"]] == home[row["dependant_code"]] for row in kin)
    assert {bool(address) for address in home.values()} == {True, False}
    for row in children:
        assert row["since"] == born[row["dependant_code"]]
        parent, child = (int(born[row[key]][:4]) for key in ("national_code", "dependant_code"))
        assert child - parent >= 18


def test_somebody_is_there_for_each_story(country: Path):
    payer, abroad, worker = (
        next(one for one in cards(country) if one["hint"] == hint)
        for hint in ("self_employed", "voluntary_english", "insured")
    )
    of = {row["national_code"]: row for row in rows(country, "contracts")}
    assert (payer["kinds"], of[payer["id"]]["cover"]) == (["self_employed"], "C")
    assert (abroad["kinds"], abroad["language"]) == (["voluntary"], "en")
    assert {of[one["id"]]["state"] for one in (payer, abroad)} == {"active"}
    assert all(one["phone"] and one["facts"] for one in (payer, abroad, worker))
    year = jalali(ON).year
    ages = [year - int(one["born"]) for one in worker["family"] if one["relation"] == "child"]
    assert sorted(age < 18 for age in ages) == [False, True]
    assert [one["relation"] for one in payer["family"]] == ["spouse", "child"]
    heads = [one["hint"] for one in cards(country)[:7]]
    assert all(heads)
