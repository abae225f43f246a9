"""How the desk reads what it is asked and words what is wrong with it."""

import json
import re
from typing import Any

from aiohttp import web

from sandbox.desk.world import World
from sandbox.messenger.bots import Bot
from sandbox.people import Person

WHOLE = re.compile(r"-?[0-9]{1,18}")


def wrong(what: str, *, status: int = 422) -> web.HTTPException:
    """Answer the exception that ends a request with `{"error": what}`."""
    kind = {404: web.HTTPNotFound, 409: web.HTTPConflict, 422: web.HTTPUnprocessableEntity}[status]
    return kind(
        text=json.dumps({"error": what}, ensure_ascii=False), content_type="application/json"
    )


class Asked:
    """The fields of a request, wherever they stand. Every reader raises a 4xx with a sentence."""

    def __init__(self, world: World, fields: dict[str, Any]) -> None:
        self._world = world
        self._fields = fields

    @classmethod
    async def of(cls, world: World, request: web.Request) -> "Asked":
        fields: dict[str, Any] = dict(request.query)
        if request.can_read_body and request.content_type == "application/json":
            try:
                body = await request.json()
                # Half of a character is JSON and yet no text that can be kept.
                json.dumps(body, ensure_ascii=False).encode()
            except (ValueError, RecursionError):
                raise wrong("the body is no JSON that can be kept") from None
            if not isinstance(body, dict):
                raise wrong("the body is no JSON object")
            fields |= body
        elif request.can_read_body:
            fields |= dict(await request.post())
        return cls(world, fields)

    def all(self) -> dict[str, Any]:
        return dict(self._fields)

    def person(self, name: str = "person") -> Person:
        found = self._world.people.get(self.text(name))
        if found is None:
            raise wrong(f"{name}: nobody has this id", status=404)
        return found

    def maybe_person(self, name: str) -> Person | None:
        return self.person(name) if self._fields.get(name) else None

    def bot(self) -> Bot:
        name = self._fields.get("bot")
        found = self._world.bots.of_name(str(name)) if name else self._world.bots.only()
        if found is None:
            raise wrong("bot: there is no such bot on the desk", status=404)
        return found

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.get(name, default)
        if not isinstance(value, str) or (value == "" and default is None):
            raise wrong(f"{name}: a text is needed")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = str(self._fields.get(name, default))
        if not WHOLE.fullmatch(value):
            raise wrong(f"{name}: a whole number is needed")
        return int(value)

    def decimal(self, name: str) -> float:
        try:
            return float(self._fields[name])
        except (KeyError, TypeError, ValueError):
            raise wrong(f"{name}: a number is needed") from None

    def yes(self, name: str, *, default: bool = False) -> bool:
        value = self._fields.get(name, default)
        if isinstance(value, str):
            value = {"true": True, "1": True, "false": False, "0": False, "": False}.get(value)
        if not isinstance(value, bool):
            raise wrong(f"{name}: true or false is needed")
        return value
