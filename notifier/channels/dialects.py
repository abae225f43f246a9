"""The messengers that speak the Bot API, each with what it does in its own way: a row a messenger.

Rows say what is known (domain, "Domestic messengers"); what a messenger does not document is not
asked of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from notifier.channels.layout import LARGEST, LENGTH
from notifier.channels.mouths import Capabilities


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one messenger speaks the Bot API.

    secret_in_path: its updates carry no header, so the secret stands in the address it brings them
    to. chooses_updates: it brings only the kinds it was told. commands: it has a menu of commands and
    a description of the bot, one for each language. previews: it can be told to show no picture of
    a linked page. says: what it tells in words, as the status by which Telegram tells the same.
    """

    messenger: str
    api_root: str
    can: Capabilities
    secret_in_path: bool = True
    chooses_updates: bool = False
    commands: bool = False
    previews: bool = False
    says: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def status_of(self, description: str, status: int) -> int:
        """The status by which Telegram would have said this; else the one it came with."""
        words = description.casefold()
        return next((told for said, told in self.says.items() if said in words), status)


_ALL = Capabilities(
    length=LENGTH,
    buttons=True,
    contact=True,
    location=True,
    files=True,
    links=True,
    pins=True,
    papers=True,
    largest=LARGEST,
)

TELEGRAM = Dialect(
    "telegram",
    "https://api.telegram.org",
    _ALL,
    secret_in_path=False,
    chooses_updates=True,
    commands=True,
    previews=True,
)
BALE = Dialect(
    "bale",
    "https://tapi.bale.ai",
    _ALL,
    says=MappingProxyType(
        {
            "no such group or user": 403,
            "permission_denied": 403,
            "token not found": 401,
            "bot limit exceed": 429,
            "local_rate_limited": 429,
        }
    ),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.messenger: dialect for dialect in (TELEGRAM, BALE)}
)
