"""The country on paper: the CSV files of the load commands and `people.json` of the desk."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random

from sandbox.country.building import Country, Person, build
from sandbox.country.cards import Cards
from sandbox.country.families import Kin, house, marry
from sandbox.country.holidays import holidays
from sandbox.country.insuring import Contract, Insured, insure
from sandbox.country.owing import owe, rows
from sandbox.country.peopling import Peopling

HEADERS = {
    "people": "national_code,first_name,last_name,birth_date,phone,email,language,address",
    "dependants": "national_code,dependant_code,relation,since,until",
    "employers": "employer_no,kind,name",
    "branches": "branch_code,kind,name,province,city,address,phone,hours,latitude,longitude",
    "workshops": "workshop_code,employer_no,branch_code,name,activity,address,registered_on",
    "contacts": "workshop_code,national_code,role,since",
    "holidays": "day,name",
    "debts": "debt_number,workshop_code,reason,period_from,period_to,principal,list_fine,paid,"
    "kind,step,issued_on,due_on,objection_until,state",
    "contracts": "contract_no,national_code,kind,cover,monthly_base,medical_heads,branch_code,"
    "starts_on,ends_on,state",
    "records": "national_code,month,source_code,place_name,days,wage",
}


def write(out: Path, *, on: date, seed: int) -> dict[str, int]:
    """Write the country that lives on the day `on` and answer how many rows each file has.

    The same seed and day give the same bytes.
    """
    rng = Random(f"{seed} {on.isoformat()}")
    country = build(rng, on=on)
    debts = owe(rng, country.workshops, on=on)
    # Numbers of their own: a change here leaves the employers and their debts as they were.
    rng = Random(f"{seed} {on.isoformat()} insured")
    peopling = Peopling(rng, country.people, on=on)
    insured = insure(rng, country, peopling, on=on)
    kin = marry(rng, insured.people, peopling, on=on)
    house(rng, [*country.people, *peopling.made], kin)
    everyone = [*country.people, *peopling.made]
    # Whom a newcomer is to be stands first.
    people = [one for one in everyone if one.hint] + [one for one in everyone if not one.hint]
    tables: dict[str, list[tuple[object, ...]]] = {
        "people": [_person(one) for one in people],
        "dependants": [_kin(one) for one in kin],
        **_tables(country),
        "holidays": list(holidays()),
        "debts": list(rows(debts)),
        "contracts": [_contract(one) for one in insured.contracts],
        "records": _records(insured),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in tables.items():
        _write_csv(out / f"{name}.csv", HEADERS[name].split(","), lines)
    cards = Cards(insured, kin, {one.code for one in country.workshops})
    shown = {"on": on.isoformat(), "people": [cards.of(person) for person in people]}
    text = json.dumps(shown, ensure_ascii=False, indent=1)
    (out / "people.json").write_text(text + "\n", encoding="utf-8")
    return {name: len(lines) for name, lines in tables.items()}


def _tables(country: Country) -> dict[str, list[tuple[object, ...]]]:
    return {
        "employers": [(one.number, one.kind, one.name) for one in country.employers],
        "branches": [
            (
                one.code,
                one.kind,
                one.name,
                one.province,
                one.city,
                one.address,
                one.phone,
                one.hours,
                one.latitude,
                one.longitude,
            )
            for one in country.branches
        ],
        "workshops": [
            (
                one.code,
                one.employer.number,
                one.branch.code,
                one.name,
                one.activity,
                one.address,
                one.registered_on,
            )
            for one in country.workshops
        ],
        "contacts": [
            (one.workshop.code, one.person.national_code, one.role, one.since)
            for one in country.roles
        ],
    }


def _write_csv(file: Path, header: list[str], lines: Iterable[tuple[object, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def _person(one: Person) -> tuple[object, ...]:
    return (
        one.national_code,
        one.first_name,
        one.last_name,
        one.birth_date,
        one.phone,
        one.email,
        one.language,
        one.address,
    )


def _kin(one: Kin) -> tuple[object, ...]:
    return (
        one.person.national_code,
        one.dependant.national_code,
        one.relation,
        one.since,
        one.until or "",
    )


def _contract(one: Contract) -> tuple[object, ...]:
    return (
        one.number,
        one.person.national_code,
        one.kind,
        one.cover,
        one.base,
        one.heads,
        one.branch.code,
        one.starts.period,
        one.ends.period if one.ends else "",
        one.state,
    )


def _records(insured: Insured) -> list[tuple[object, ...]]:
    return [
        (one.person.national_code, one.month.period, one.source, one.place, one.days, one.wage)
        for one in insured.months
    ]
