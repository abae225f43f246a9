"""The country on paper: the CSV files of the load commands and `people.json` of the desk."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from sandbox.country.building import Country, Person, build
from sandbox.country.calendar import MONTHS, Day
from sandbox.country.holidays import holidays
from sandbox.country.owing import owe, rows

HEADERS = {
    "people": "national_code,first_name,last_name,birth_date,phone,email,language",
    "employers": "employer_no,kind,name",
    "branches": "branch_code,kind,name,province,city,address,phone,hours,latitude,longitude",
    "workshops": "workshop_code,employer_no,branch_code,name,activity,address,registered_on",
    "contacts": "workshop_code,national_code,role,since",
    "holidays": "day,name",
    "debts": "debt_number,workshop_code,reason,period_from,period_to,principal,list_fine,paid,"
    "kind,step,issued_on,due_on,objection_until,state",
}
DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def write(out: Path, *, on: date, seed: int) -> dict[str, int]:
    """Write the country that lives on the day `on` and answer how many rows each file has.

    The same seed and day give the same bytes.
    """
    rng = Random(f"{seed} {on.isoformat()}")
    country = build(rng, on=on)
    debts = owe(rng, country.workshops, on=on)
    tables: dict[str, list[tuple[object, ...]]] = {
        **_tables(country),
        "holidays": list(holidays()),
        "debts": list(rows(debts)),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in tables.items():
        _write_csv(out / f"{name}.csv", HEADERS[name].split(","), lines)
    shown = {"on": on.isoformat(), "people": [_card(person) for person in country.people]}
    text = json.dumps(shown, ensure_ascii=False, indent=1)
    (out / "people.json").write_text(text + "\n", encoding="utf-8")
    return {name: len(lines) for name, lines in tables.items()}


def _tables(country: Country) -> dict[str, list[tuple[object, ...]]]:
    return {
        "people": [
            (
                one.national_code,
                one.first_name,
                one.last_name,
                one.birth_date,
                one.phone,
                one.email,
                one.language,
            )
            for one in country.people
        ],
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


def _card(person: Person) -> dict[str, Any]:
    """What stands on the card beside a person's phone."""
    return {
        "id": person.national_code,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "email": person.email,
        "language": person.language,
        "hint": person.hint,
        "roles": [
            {
                "workshop_code": one.workshop.code,
                "workshop": one.workshop.name,
                "role": one.role,
                "city": one.workshop.branch.city,
            }
            for one in person.roles
        ],
        "facts": [
            {
                "kind": "registration_month",
                "workshop_code": one.workshop.code,
                "workshop": one.workshop.name,
                "month": one.workshop.registered_on.period,
                "words": _month(one.workshop.registered_on),
            }
            for one in person.roles
        ],
    }


def _month(day: Day) -> str:
    return f"{MONTHS[day.month - 1]} {str(day.year).translate(DIGITS)}"
