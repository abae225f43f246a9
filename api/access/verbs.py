"""An endpoint as its door sees it: what it asks for, who may call, and how its page says so."""

import inspect
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, get_type_hints

from sqlalchemy.orm import Session

from api.access import grants
from api.access.answers import Said, answers, with_unavailable
from api.access.callers import Acting, Anyone, Caller, Insured, Linked
from api.access.refusals import (
    BodyTooLarge,
    GrantEnded,
    IdempotencyKeyMissing,
    NotLinked,
    OtherBodySameKey,
    ScopeMissing,
)
from api.access.uploads import Upload
from api.errors import Invalid, NotFound, NotKnown, Refusal
from api.printing.printer import Sheet
from api.settings import Settings

_WHOM = {grants.CHILD: "a child", grants.PERSON: "another person"}


class Given:
    """Marks a parameter that the door gives."""

    def __init__(self, name: str) -> None:
        self.name = name


Now = Annotated[datetime, Given("now")]
"""The instant at which the request crossed."""
Today = Annotated[date, Given("today")]
"""Tehran's day at that instant."""


class Verb:
    """An endpoint, with what it asks of the door set apart from what it asks of FastAPI."""

    def __init__(self, function: Callable[..., Any]) -> None:
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__qualname__}: a door's endpoint is a plain def")
        self.function = function
        hints = get_type_hints(function, include_extras=True)
        self.returns = hints.pop("return", None)
        if self.returns is type(None):
            self.returns = None
        self.draws = self.returns is Sheet
        self.given: dict[str, str] = {}
        self.caller: type[Caller] | None = None
        self.asked: list[inspect.Parameter] = []
        for name, parameter in inspect.signature(function).parameters.items():
            hint = hints.get(name, parameter.annotation)
            if hint in (Session, Settings, Upload):
                self.given[name] = hint.__name__.lower()
            elif hint in (Now, Today):
                self.given[name] = hint.__metadata__[0].name
            elif inspect.isclass(hint) and issubclass(hint, Caller):
                self.given[name] = "caller"
                self.caller = hint
            else:
                self.asked.append(
                    parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
                )

    @property
    def takes_file(self) -> bool:
        """Whether its body is a file."""
        return "upload" in self.given.values()

    def __call__(self, values: Mapping[str, Any], gifts: Mapping[str, Any]) -> Any:
        return self.function(**values, **{name: gifts[gift] for name, gift in self.given.items()})

    def says(self, *, writes: bool) -> Said:
        """The refusals of the door itself."""
        refusals: list[type[Refusal]] = [NotKnown, Invalid, ScopeMissing]
        if writes:
            refusals += [IdempotencyKeyMissing, OtherBodySameKey, BodyTooLarge]
        if self.caller is not None and issubclass(self.caller, Linked):
            refusals.append(NotLinked)
        if self.caller is not None and issubclass(self.caller, (Acting, Insured)):
            refusals += [GrantEnded, NotFound]
        return with_unavailable(answers(*refusals), writing=writes)

    def openapi(self, *, writes: bool) -> dict[str, Any]:
        """The headers a caller sends, and the file, for the OpenAPI page."""
        sent = []
        if self.caller is not None and issubclass(self.caller, (Anyone, Linked)):
            required = self.caller is not Anyone
            sent.append(_header("X-Chat", "<messenger>:<audience>:<chat id>", required=required))
            sent.append(_header("Accept-Language", "The language being spoken.", required=False))
        if self.caller is Acting:
            sent.append(_header("X-For", "The id of a grant of this chat.", required=True))
        if self.caller is not None and issubclass(self.caller, Insured):
            whom = " or ".join(_WHOM[kind] for kind in sorted(self.caller.kinds))
            meaning = f"The id of a grant of this chat for {whom}; without it, the chat's person."
            sent.append(_header("X-For", meaning, required=False))
        if writes:
            meaning = "The same key gets the first answer again; 1 to 200 characters."
            sent.append(_header("Idempotency-Key", meaning, required=True))
        shown: dict[str, Any] = {"parameters": sent, "security": [{"Key": []}, {"Bearer": []}]}
        if self.takes_file:
            file = {"schema": {"type": "string", "format": "binary"}}
            shown["requestBody"] = {
                "required": True,
                "content": {"application/octet-stream": file},
            }
        return shown


def _header(name: str, meaning: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": meaning,
        "schema": {"type": "string"},
    }
