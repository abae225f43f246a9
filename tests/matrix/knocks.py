"""Knocks at the doors of the core, generated from its OpenAPI page: who, at which, with whose things.

Each thing that a request names has a slot. It is filled with one's own, with a near one (of somebody
for whom the chat may act too, but does not now), with a foreign one, or with one that never was.
"""

import itertools
import random
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI

from api import app as app_module
from api.access import grants
from api.access.callers import Acting, Anyone, Caller, Insured, Linked, Machine
from api.access.doors import Door
from api.access.verbs import Verb
from tests.api.test_app import BODIES, operations
from tests.matrix.town import House, Town
from tests.support import core, make, papers

THINGS: Mapping[str, str] = MappingProxyType({
    "bill": "bill", "bills": "bill", "claim_id": "claim", "confirmation_id": "confirmation",
    "contract": "contract", "credit": "credit", "debt": "debt", "grant": "grant", "offer": "offer",
    "paper": "paper", "whom": "whom", "national_code": "national_code",
    "notices.opened code": "notice", "requests.show number": "request",
    "requests.satisfied number": "request",
})  # fmt: skip
"""By the name of a parameter or of a field of a body, where need be with the door's: what it names."""

PLAIN: Mapping[str, str] = MappingProxyType({
    "address": "said by the person", "after": "a place in one's own list", "audience": "of a bot",
    "branch": "a branch is public", "city": "public", "code": "typed from a message", "day": "a day",
    "how": "a word", "kind": "a word", "language": "a word", "latitude": "said by the person",
    "longitude": "said by the person", "loss": "a word", "messenger": "a word", "month": "a guess",
    "on": "yes or no", "phone": "said by the person", "pin": "a secret of the person's",
    "place": "public", "postal_code": "said by the person", "province": "public", "purpose": "a word",
    "satisfaction": "a word", "seconds": "a time", "service": "public", "workplace": "a place in a list",
    "year": "of one's own record", "rows": "a machine's: it knows everybody",
    "debts.close number": "a machine's: it knows every debt",
})  # fmt: skip
"""What names nobody's thing, and why."""

SAID: Mapping[str, Any] = MappingProxyType({
    "booklets.offer": {"kind": "duplicate", "loss": "stolen", "how": "registered", "whom": "", "paper": ""},
})  # fmt: skip
"""Bodies with more in them than those of tests.api.test_app, so that each thing is asked about."""

PUBLIC: Mapping[str, str] = MappingProxyType({
    "notices.check": "says of any code whether it is ours, and of what day: so papers are checked",
})  # fmt: skip
ALSO: Mapping[str, str] = MappingProxyType({
    "people.family": "child",  # One's own registered family, whom a booklet may be for.
})  # fmt: skip
"""Whom else a door shows to somebody who comes for themself."""


@dataclass(frozen=True)
class Route:
    """A door as its page and its signature declare it."""

    name: str
    method: str
    path: str
    caller: type[Caller]
    scope: str
    """Of the machine's key it is for."""
    fields: tuple[str, ...]
    """All that a request of it names."""

    @property
    def slots(self) -> tuple[str, ...]:
        """The fields that name somebody's thing."""
        return tuple(one for one in self.fields if self.thing(one))

    def thing(self, field_: str) -> str:
        """What a field names; nothing where it names nobody's thing."""
        return THINGS.get(f"{self.name} {field_}") or (
            "" if self._plain(field_) else THINGS.get(field_, "")
        )

    def unknown(self) -> set[str]:
        """The fields of which nobody said what they name."""
        return {one for one in self.fields if not self.thing(one) and not self._plain(one)}

    def _plain(self, field_: str) -> bool:
        return f"{self.name} {field_}" in PLAIN or field_ in PLAIN

    @property
    def takes_grant(self) -> bool:
        return issubclass(self.caller, (Acting, Insured))

    def kinds(self) -> frozenset[str]:
        """The kinds of right it takes."""
        if issubclass(self.caller, Insured):
            return self.caller.kinds
        return frozenset({grants.WORKSHOP}) if self.caller is Acting else frozenset()


def doors() -> list[Door]:
    """The doors that the core's routers have, on its page or not."""
    return [one for router in app_module._ROUTERS for one in router.routes if isinstance(one, Door)]


def routes(app: FastAPI) -> list[Route]:
    """Every door of the core."""
    callers = {one.operation_id: Verb(vars(one.endpoint)["verb"]).caller for one in doors()}
    page = app.openapi()
    found = []
    for (method, path), operation in operations(page).items():
        name = operation["operationId"]
        caller = callers[name]
        assert caller is not None, f"{name}: says not whom it is for"
        told = f"{operation['summary']} {operation.get('description', '')}"
        scope = re.search(r"scope `(\w+)`", told)
        fields = tuple(_fields(operation, page))
        found.append(Route(name, method, path, caller, scope[1] if scope else "", fields))
    return found


def _fields(operation: dict[str, Any], page: dict[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", ()):
        if one["in"] != "header":
            yield one["name"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        schema = body["schema"]
        schema = page["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield from schema["properties"]


@dataclass(frozen=True)
class Persona:
    """Somebody who knocks: what they show, and whose things they may then see."""

    name: str
    house: House
    headers: Mapping[str, str]
    acts_for: str = ""
    """The kind of their right; none where they come for themself."""
    sees: str = "self"
    """The party that is behind the right."""

    @property
    def chat(self) -> str:
        return self.headers.get("X-Chat", "")

    @property
    def is_linked(self) -> bool:
        return self.name not in {"nobody", "bots", "unlinked"} and "machine" not in self.name


def personas(town: Town, house: House) -> list[Persona]:
    """Everybody who may knock, of a house."""
    key = {"X-Key": core.BOTS_KEY}
    mine = {**key, "X-Chat": house.chats["people"]}
    work = {**key, "X-Chat": house.chats["employers"]}
    return [
        Persona("nobody", house, {**mine, "X-Key": "wrong"}),
        Persona("bots", house, key),
        Persona("unlinked", house, {**key, "X-Chat": "telegram:people:999"}),
        Persona("self", house, mine),
        Persona("by sms", house, {**key, "X-Chat": f"sms:people:{house.phone}"}),
        Persona("parent", house, {**mine, "X-For": house.grants["child"]}, "child", "child"),
        Persona("entrusted", house, {**mine, "X-For": house.grants["person"]}, "person", "mother"),
        Persona("of the other bot", house, work),
        Persona(
            "contact", house, {**work, "X-For": house.grants["workshop"]}, "workshop", "workplace"
        ),
        *(
            Persona(f"machine {scope}".strip(), house, {"X-Key": key_}, sees="")
            for scope, key_ in town.machines.items()
        ),
    ]


def refusal(route: Route, persona: Persona) -> tuple[int, str] | None:  # noqa: PLR0911
    """What a door answers somebody for whom it is not; None where they may enter."""
    if persona.name == "nobody":
        return 401, "not_known"
    if persona.name.startswith("machine"):
        is_its = route.caller is Machine and persona.name == f"machine {route.scope}".strip()
        return None if is_its else (403, "scope_missing")
    if route.caller is Machine:
        return 403, "scope_missing"
    if route.caller is Anyone:
        return None
    assert issubclass(route.caller, Linked), route
    if route.caller is Acting and not persona.acts_for:
        return 422, "invalid"
    if not persona.is_linked:
        return 403, "not_linked"
    if route.takes_grant and persona.acts_for and persona.acts_for not in route.kinds():
        return 404, "not_found"
    return None


@dataclass(frozen=True)
class Knock:
    """One request: by whom, at which door, and whose each thing is that it names."""

    route: Route
    persona: Persona
    filled: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By slot: how it is owned, and the thing itself."""
    grant: str | None = None
    """A right in place of the persona's own."""

    @property
    def is_strange(self) -> bool:
        """Whether it names anything that is not the persona's to name."""
        return self.grant is not None or any(
            how in {"near", "foreign"} for how, _thing in self.filled.values()
        )

    def without_strangers(self) -> "Knock":
        """The same with things that never were in place of those of others."""
        filled = {
            slot: ("absent", absent(self.route.thing(slot)))
            if how in {"near", "foreign"}
            else (how, thing)
            for slot, (how, thing) in self.filled.items()
        }
        grant = None if self.grant is None else str(uuid.uuid4())
        return replace(self, filled=filled, grant=grant)

    def without_own(self) -> "Knock":
        """The same with things that never were in place of one's own."""
        filled = {slot: ("absent", absent(self.route.thing(slot))) for slot in self.filled}
        return replace(self, filled=filled)

    def headers(self) -> dict[str, str]:
        given = {} if self.grant is None else {"X-For": self.grant}
        return {**self.persona.headers, **given}

    def path(self) -> str:
        def hole(found: re.Match[str]) -> str:
            name = found[1]
            return self.filled[name][1] if name in self.filled else _HOLES[name]

        return re.sub(r"{(\w+)}", hole, self.route.path)

    def query(self) -> dict[str, str]:
        asked = {"city": "تهران", "place": "تهران", "purpose": "loss_paper"}
        return {name: asked[name] for name in self.route.fields if name in asked}

    def body(self) -> Any:
        if self.route.method == "GET":
            return None
        if self.route.name == "files.keep":
            return papers.png()
        said = SAID.get(self.route.name, BODIES[self.route.name])
        if not isinstance(said, dict):
            return said
        filled = {slot: thing for slot, (_how, thing) in self.filled.items() if slot in said}
        return {**said, **{name: [one] if name == "bills" else one for name, one in filled.items()}}

    def __str__(self) -> str:
        owned = {slot: how for slot, (how, _thing) in self.filled.items()}
        grant = "" if self.grant is None else " with another's right"
        return f"{self.persona.name} of house {self.persona.house.number} at {self.route.name} {owned}{grant}"


_HOLES = {"code": "K7Q2-M4XD", "number": "0" * 13, "year": "1405"}


def absent(thing: str) -> str:
    """A thing of this kind that never was."""
    match thing:
        case "request":
            return f"{random.SystemRandom().randrange(10**9):010d}"
        case "notice":
            return "ZZZZ-9999"
        case "national_code":
            return make.new_national_code()
    return str(uuid.uuid4())


def fills(town: Town, route: Route, persona: Persona, slot: str) -> list[tuple[str, str]]:
    """Whose a thing can be: its own where there is one, near, foreign, and one that never was."""
    thing = route.thing(slot)
    house = persona.house
    found = [("absent", absent(thing))]
    stranger = town.strangers_to(house)
    for name, party in house.parties.items():
        if thing in party.things and persona.sees:
            subject = _subject(route, persona)
            # A booklet is asked for a child in one's own name.
            mine = name == subject or (thing == "whom" and (subject, name) == ("self", "child"))
            found.append(("own" if mine else "near", party.things[thing]))
    found += [
        ("foreign", party.things[thing])
        for party in stranger.parties.values()
        if thing in party.things
    ]
    return found


def _subject(route: Route, persona: Persona) -> str:
    """Whose things a door shows to a persona."""
    if not persona.is_linked or persona.name == "of the other bot":
        # A claim is its chat's; all else the person has in whatever chat.
        return "self" if route.takes_grant or route.caller is Linked else ""
    return persona.sees if route.takes_grant and persona.acts_for in route.kinds() else "self"


def visible(route: Route, persona: Persona) -> set[str]:
    """The parties whose marks an answer may carry."""
    if not persona.is_linked or refusal(route, persona):
        return set()
    if route.takes_grant:
        subject = _subject(route, persona)
        return {subject, ALSO.get(route.name, subject)} if subject == "self" else {subject}
    # Of oneself, and of the workplace of which one is told.
    return {"self", "workplace"}


def every(town: Town, found: Sequence[Route]) -> Iterator[Knock]:
    """Each door by each persona: with what never was, then one thing at a time beside one's own."""
    for house in town.houses:
        for route, persona in itertools.product(found, personas(town, house)):
            usual = {slot: fills(town, route, persona, slot) for slot in route.slots}
            bare = Knock(route, persona, {slot: found[0] for slot, found in usual.items()})
            yield bare
            own = {
                slot: next((one for one in found if one[0] == "own"), found[0])
                for slot, found in usual.items()
            }
            for slot, others in usual.items():
                for one in others[1:]:
                    yield replace(bare, filled={**own, slot: one})
            if route.takes_grant and persona.chat:
                for right in _rights(town, route, persona):
                    yield replace(bare, grant=right)


def at_random(town: Town, found: Sequence[Route], chance: random.Random) -> Iterator[Knock]:
    """Any door by anybody with things of anybody, several at a time, without end."""
    everybody = [one for house in town.houses for one in personas(town, house)]
    while True:
        route, persona = chance.choice(found), chance.choice(everybody)
        filled = {slot: chance.choice(fills(town, route, persona, slot)) for slot in route.slots}
        rights = _rights(town, route, persona) if route.takes_grant and persona.chat else []
        grant = chance.choice(rights) if rights and chance.random() < 0.3 else None
        yield Knock(route, persona, filled, grant)


def _rights(town: Town, route: Route, persona: Persona) -> list[str]:
    """The rights that a chat may not use at this door: of others, and of its own the wrong ones."""
    house = persona.house
    theirs = list(town.strangers_to(house).grants.values())
    mine = {
        kind: right
        for kind, right in house.grants.items()
        if kind not in route.kinds() or not persona.is_linked
    }
    if persona.is_linked and persona.name != "by sms":
        # By another chat of one's own a right is as foreign.
        other = persona.chat == house.chats["employers"]
        mine |= {
            kind: right for kind, right in house.grants.items() if (kind == "workshop") != other
        }
    return theirs + list(mine.values())
