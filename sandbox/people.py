"""The people whose phones lie on the desk."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Person:
    """One who can hold a phone. `id` is the national code; phone and email may be empty."""

    id: str
    first_name: str
    last_name: str
    phone: str = ""
    email: str = ""
    language: str = "fa"
    kinds: list[str] = field(default_factory=list)
    roles: list[dict[str, str]] = field(default_factory=list)
    family: list[dict[str, str]] = field(default_factory=list)
    facts: list[dict[str, str]] = field(default_factory=list)
    hint: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def user_id(self) -> int:
        """The person's number at the messenger: always the same, and wider than 32 bits as real ones are."""
        digest = hashlib.sha256(self.id.encode()).digest()
        return 5_000_000_000 + int.from_bytes(digest[:4], "big")

    def user(self) -> dict[str, Any]:
        """The person as the Bot API shows a user."""
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "language_code": self.language,
        }

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "national_code": self.id,
            "phone": self.phone,
            "email": self.email,
            "language": self.language,
            "user_id": self.user_id,
            "kinds": self.kinds,
            "roles": self.roles,
            "family": self.family,
            "facts": self.facts,
            "hint": self.hint,
        }


class People:
    """All persons, in the order of their file: those easy to play first."""

    def __init__(self, persons: list[Person]) -> None:
        self._all = persons
        self._by_id = {person.id: person for person in persons}
        self._by_user = {person.user_id: person for person in persons}

    @classmethod
    def read(cls, file: Path) -> "People":
        """Read `people.json` as the invented country writes it; a missing file is an empty country."""
        if not file.exists():
            return cls([])
        return cls.of(json.loads(file.read_text(encoding="utf-8"))["people"])

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> "People":
        known = Person.__dataclass_fields__
        return cls([Person(**{k: v for k, v in row.items() if k in known}) for row in rows])

    def __len__(self) -> int:
        return len(self._all)

    def get(self, person_id: str) -> Person | None:
        return self._by_id.get(person_id)

    def of_user(self, user_id: int) -> Person | None:
        return self._by_user.get(user_id)

    def find(self, words: str, *, kind: str = "", limit: int) -> list[Person]:
        """Answer those in whose name, phone, code, email or workplaces all the words stand.

        With a `kind`, only those who are of it.
        """
        keys = [_key(word) for word in words.split()]
        found = (
            one
            for one in self._all
            if (not kind or kind in one.kinds) and all(key in _key(_all_of(one)) for key in keys)
        )
        return [person for person, _ in zip(found, range(limit), strict=False)]


def _all_of(person: Person) -> str:
    places = " ".join(" ".join(role.values()) for role in person.roles)
    return f"{person.name} {person.id} {person.phone} {person.email} {places}"


_FOLD = str.maketrans("يىكةۀ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "ییکهه01234567890123456789", "\u200c")


def _key(text: str) -> str:
    return text.translate(_FOLD).casefold()
