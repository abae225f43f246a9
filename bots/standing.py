"""What the engine itself asks of the core, outside any talk; each answer may be missing."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

from api.access.refusals import NotLinked
from api.access.schemas import Me
from api.client import Core, knock
from api.errors import Refusal, Unavailable
from api.identity.schemas import ConfirmationOut, Unlocked
from api.kit import points
from api.kit.language import Language
from api.organisation.schemas import BranchOut, Services
from bots import log
from bots.address import Address

T = TypeVar("T")
P = ParamSpec("P")

_OFF = "off"
_HOLDS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Standing:
    """As which audiences a chat is linked, which services are off and why, and what it speaks."""

    linked: frozenset[str]
    off: dict[str, str]
    language: Language


class Closed:
    """The services that are off and why: the same for all chats, so one answer holds for a while.

    The core refuses what is off whatever is believed here. `now` gives seconds since epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._asked_at: float | None = None
        self._off: dict[str, str] = {}

    async def off(self, ask: Callable[[], Awaitable[Services]]) -> dict[str, str]:
        """Give the reason by service, asked for where the last answer is too old."""
        now = self._now()
        if self._asked_at is None or not 0 <= now - self._asked_at < _HOLDS_SECONDS:
            services = await ask()
            self._off = {one.service: one.reason for one in services.items if one.state == _OFF}
            self._asked_at = now
        return self._off


class Asking:
    """Questions about a chat as a whole."""

    def __init__(
        self, core: Core, chat: log.Chat, address: Address, closed: Closed | None = None
    ) -> None:
        """`closed` is what is known beside this chat; without it the core is asked each time."""
        self._core = core
        self._chat = chat
        self._address = address
        self._closed = closed

    async def standing(self) -> Standing | None:
        """Who this chat is to the core; None while the core cannot answer."""
        try:
            mine = {one: await self._me(one) for one in self._address.audiences}
            off = await (self._closed or Closed(lambda: 0.0)).off(
                partial(self._call, self._core.organisation.services)
            )
        except (Unavailable, Refusal):
            return None
        linked = [one for one, me in mine.items() if me.linked]
        spoken = mine[linked[0]].language if linked else Language.FA
        return Standing(frozenset(linked), off, Language(spoken))

    async def mark(self, audience: str) -> str | None:
        """The mark of whom this chat speaks for, None where that is nobody; raises Unavailable."""
        try:
            me = await self._me(audience)
        except Refusal:
            return None
        return me.person

    async def branch(self, grant: str) -> BranchOut | None:
        """The branch of the workplace the talk is about, else of the first one; None where none is known."""
        try:
            audience = self._address.audiences[-1]
            me = await self._me(audience)
            workplaces = [str(one.id) for one in me.grants if one.kind == "workshop"]
            if not workplaces:
                return None
            grant = grant if grant in workplaces else workplaces[0]
            return await self._knock(self._core.organisation.branch, audience, grant)
        except (Unavailable, Refusal):
            return None

    async def consent(self, *, on: bool) -> Unavailable | Refusal | None:
        """Tell the core of STOP and START; gives why it could not be told."""
        try:
            await self._linked(partial(self._core.preferences.consent, on=on))
        except (Unavailable, Refusal) as untold:
            return untold
        return None

    async def end_persons(self) -> Unavailable | None:
        """Let no chat of another act for whoever this chat is; gives why it could not be told.

        By SMS that is everybody who has the number, linked or not, and the answer is the same.
        """
        try:
            await self._knock(self._core.access.end_persons, self._address.audience)
        except Unavailable as untold:
            return untold
        return None

    async def unlock(self, pin: str) -> Unlocked | Unavailable | Refusal:
        """Show a PIN to the core; gives why it opens nothing."""
        try:
            return await self._linked(partial(self._core.identity.unlock, pin=pin))
        except (Unavailable, Refusal) as shut:
            return shut

    async def ask_to_confirm(self, audience: str) -> ConfirmationOut:
        """Have a code sent that confirms what is asked; raises Refusal, Unavailable."""
        return await self._knock(self._core.identity.ask_to_confirm, audience)

    async def confirm(self, audience: str, confirmation: UUID, code: str) -> None:
        """Give that code to the core; raises Refusal, Unavailable."""
        verb = partial(self._core.identity.confirm, confirmation=confirmation, code=code)
        await self._knock(verb, audience)

    async def tell_language(self) -> None:
        """Tell the core a switch of language it has not heard of; a core that is away hears it later."""
        untold = self._chat.get("untold")
        if untold is None:
            return
        try:
            await self._linked(partial(self._core.preferences.language, language=Language(untold)))
        except Unavailable:
            return
        except Refusal:
            # A chat that is not linked has no preferences yet; linking brings its language along.
            pass
        del self._chat["untold"]

    async def _me(self, audience: str) -> Me:
        return await self._knock(self._core.access.me, audience)

    async def _linked(self, verb: Callable[[], Awaitable[T]]) -> T:
        """Call as the first audience that is linked; raises NotLinked where none is."""
        *others, last = self._address.audiences
        for audience in others:
            with suppress(NotLinked):
                return await self._knock(verb, audience)
        return await self._knock(verb, last)

    async def _call(
        self, verb: Callable[P, Awaitable[T]], /, *args: P.args, **arguments: P.kwargs
    ) -> T:
        return await self._knock(lambda: verb(*args, **arguments), self._address.audience)

    async def _knock(
        self, verb: Callable[[], Awaitable[T]], audience: str, grant: str | None = None
    ) -> T:
        # Nothing here may happen only once, so each call has a key of its own.
        knocking = knock.Knock(
            chat=str(self._address.of(audience)),
            grant=grant,
            key=secrets.token_hex(16),
            language=self._chat["language"] or Language.FA,
        )
        token = knock.current.set(knocking)
        try:
            with points.around("bots.core"):
                return await verb()
        finally:
            knock.current.reset(token)
