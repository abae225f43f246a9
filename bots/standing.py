"""What the engine itself asks of the core, outside any talk; each answer may be missing."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from api.client import Core, knock
from api.errors import Refusal, Unavailable
from api.kit import points
from api.kit.language import Language
from api.organisation.schemas import BranchOut
from bots import log
from bots.replay import Address

T = TypeVar("T")
P = ParamSpec("P")

_OFF = "off"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a chat is linked, and which services are off, with their reasons."""

    linked: bool
    off: dict[str, str]


class Asking:
    """Questions about a chat as a whole."""

    def __init__(self, core: Core, chat: log.Chat, address: Address) -> None:
        self._core = core
        self._chat = chat
        self._address = address

    async def standing(self) -> Standing | None:
        """Who this chat is to the core; None while the core cannot answer."""
        try:
            me = await self._call(self._core.access.me)
            services = await self._call(self._core.organisation.services)
        except (Unavailable, Refusal):
            return None
        off = {item.service: item.reason for item in services.items if item.state == _OFF}
        return Standing(me.linked, off)

    async def mark(self) -> str | None:
        """The mark of whom this chat speaks for, None where that is nobody; raises Unavailable."""
        try:
            me = await self._call(self._core.access.me)
        except Refusal:
            return None
        return me.person

    async def branch(self, grant: str) -> BranchOut | None:
        """The branch of the workplace the talk is about, else of the first one; None where none is known."""
        try:
            me = await self._call(self._core.access.me)
            workplaces = [str(one.id) for one in me.grants if one.kind == "workshop"]
            if not workplaces:
                return None
            grant = grant if grant in workplaces else workplaces[0]
            return await self._call_for(grant, self._core.organisation.branch)
        except (Unavailable, Refusal):
            return None

    async def consent(self, *, on: bool) -> Unavailable | Refusal | None:
        """Tell the core of STOP and START; gives why it could not be told."""
        try:
            await self._call(self._core.preferences.consent, on=on)
        except (Unavailable, Refusal) as untold:
            return untold
        return None

    async def tell_language(self) -> None:
        """Tell the core a switch of language it has not heard of; a core that is away hears it later."""
        untold = self._chat.get("untold")
        if untold is None:
            return
        try:
            await self._call(self._core.preferences.language, language=Language(untold))
        except Unavailable:
            return
        except Refusal:
            # A chat that is not linked has no preferences yet; linking brings its language along.
            pass
        del self._chat["untold"]

    async def _call(
        self, verb: Callable[P, Awaitable[T]], /, *args: P.args, **arguments: P.kwargs
    ) -> T:
        return await self._knock("", lambda: verb(*args, **arguments))

    async def _call_for(self, grant: str, verb: Callable[[], Awaitable[T]]) -> T:
        return await self._knock(grant, verb)

    async def _knock(self, grant: str, verb: Callable[[], Awaitable[T]]) -> T:
        # Nothing here may happen only once, so each call has a key of its own.
        knocking = knock.Knock(
            chat=str(self._address),
            grant=grant or None,
            key=secrets.token_hex(16),
            language=self._chat["language"] or Language.FA,
        )
        token = knock.current.set(knocking)
        try:
            with points.around("bots.core"):
                return await verb()
        finally:
            knock.current.reset(token)
