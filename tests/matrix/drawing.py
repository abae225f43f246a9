"""Requests drawn from the OpenAPI page of the core: what fits a schema, and what nearly does."""

import random
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any

_TEXTS = (
    "", " ", "0", "0012345679", "۰۰۱۲۳۴۵۶۷۹", "+989990000001", "تهران", "1405-03", "2026-12-02",
    "K7Q2-M4XD", "4831", "482913", "\x00", "\ud800", "\u202e", "x" * 5000, "' OR 1=1 --", "<script>", "null",
    "1e999", "-1", "🙂" * 50, "../../etc/passwd", "%00", "\r\nX: y",
)  # fmt: skip
"""What people and attackers write, whatever is asked for."""
_NUMBERS = (0, 1, -1, 7, 31, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308)
_STRANGE: tuple[Any, ...] = (None, True, [], {}, [[]], {"": ""}, 1, "x", 1.5, ["x"] * 50)
_DEEP = 200


class Drawing:
    """Draws values of a page's schemas; `spoils` is how often something is not as it should be."""

    def __init__(self, page: Mapping[str, Any], chance: random.Random, spoils: float) -> None:
        self._schemas = page.get("components", {}).get("schemas", {})
        self._chance = chance
        self._spoils = spoils

    def value(self, schema: Mapping[str, Any], known: Mapping[str, str] | None = None) -> Any:
        """A value of a schema, or what nearly is one. `known` are things by field, that do exist."""
        chance = self._chance
        if chance.random() < self._spoils:
            return chance.choice((*_STRANGE, *_TEXTS, *_NUMBERS))
        schema = self._chosen(schema)
        if "enum" in schema or "const" in schema:
            return chance.choice(schema.get("enum") or [schema["const"]])
        kind = schema.get("type")
        if kind in {"object", "array"}:
            whole = self._object if kind == "object" else self._array
            return whole(schema, known or {})
        simple: Mapping[Any, Callable[[], Any]] = {
            "integer": lambda: self._integer(schema),
            "number": lambda: chance.choice((*_NUMBERS, chance.uniform(-200, 200))),
            "boolean": lambda: chance.random() < 0.5,
            "null": lambda: None,
        }
        return simple.get(kind, lambda: self.text(schema))()

    def _chosen(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema that is referred to; one of several."""
        while True:
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].rpartition("/")[2]]
            elif several := schema.get("anyOf") or schema.get("oneOf"):
                schema = self._chance.choice(several)
            else:
                return schema

    def _integer(self, schema: Mapping[str, Any]) -> int:
        low, high = int(schema.get("minimum", -5)), int(schema.get("maximum", 10**9))
        return self._chance.choice((low, high, low - 1, high + 1, self._chance.randint(low, high)))

    def _array(self, schema: Mapping[str, Any], known: Mapping[str, str]) -> list[Any]:
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
        items = schema.get("items", {})
        return [self.value(items, known) for _ in range(self._chance.randint(least, most))]

    def text(self, schema: Mapping[str, Any]) -> str:
        """A text of a schema: an id, a day, an example, or anything."""
        chance = self._chance
        if schema.get("format") == "uuid":
            return str(uuid.UUID(int=chance.getrandbits(128), version=4))
        if schema.get("format") == "date":
            return chance.choice(("2026-12-02", "1405-09-11", "9999-12-31", "0000-00-00"))
        found = [*schema.get("examples", ()), *_TEXTS]
        found.append("".join(chance.choices(string.digits, k=schema.get("minLength", 10))))
        return str(chance.choice(found))

    def _object(self, schema: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
        chance, needed = self._chance, set(schema.get("required", ()))
        drawn: dict[str, Any] = {}
        for name, of in schema.get("properties", {}).items():
            if chance.random() < (self._spoils if name in needed else 0.4):
                continue
            is_known = name in known and chance.random() < 0.5
            drawn[name] = known[name] if is_known else self.value(of, known)
        if chance.random() < self._spoils:
            drawn[chance.choice(_TEXTS[:8])] = 1
        return drawn

    def raw(self) -> bytes:
        """A body that is no JSON, or more of it than anybody reads."""
        return self._chance.choice((
            b"", b"{", b"\xff\xfe", b"[" * _DEEP + b"]" * _DEEP, b'{"a":' * _DEEP, b"NaN", b"1" * 5000,
            b'"\\ud800"', b"null", b"\x00",
        ))  # fmt: skip
