"""Papers that bots give: ordered in a turn, and made when they leave.

A reply keeps the order alone. So nothing of a paper stands in the memory, a crash between the turn
and the wire makes it once more (asking is harmless), and the core judges anew who may have it.
"""

from collections.abc import Awaitable, Callable

from api.client import Core, knock
from api.kit import points
from api.kit.language import _
from api.kit.message import Order, Paper

WITHIN_SECONDS = 30.0
"""So long a reply waits for its paper before its words leave alone."""

LATER = _("The file could not be made just now. Please ask for it again in a little while.")
TOO_LARGE = _("The file is too large to be sent here. Your branch can print it.")

Verb = Callable[..., Awaitable[Paper]]


def named(verb: Verb) -> str:
    """The name of a method of the typed client, such as `records.picture`."""
    feature = type(verb.__self__)  # type: ignore[attr-defined]
    return f"{feature.__name__.lower()}.{verb.__name__}"


async def fetched(core: Core, order: Order, *, chat: str) -> Paper:
    """Have an ordered paper made for a chat; raises the core's refusals, and Unavailable."""
    feature, _dot, name = order.verb.partition(".")
    verb: Verb = getattr(getattr(core, feature), name)
    token = knock.current.set(knock.Knock(chat=chat, grant=order.grant, language=order.language))
    try:
        with points.around("bots.core"):
            return await verb()
    finally:
        knock.current.reset(token)
