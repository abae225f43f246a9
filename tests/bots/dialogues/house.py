"""The real core behind the dialogues, and the wire between them, which a transcript can cut."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from pydantic import SecretStr
from sqlalchemy.orm import Session

from api.client import Core
from tests.bots.dialogues.people_scenes import PEOPLE
from tests.bots.dialogues.scenes import EMPLOYERS, Scene
from tests.support.core import Clock, Running

_NOBODY = "http://127.0.0.1:9"

GATEWAY = {
    "zarinpal_root": _NOBODY,
    "zarinpal_merchant": SecretStr("0" * 36),
    "public_url": "https://hub.example",
}
"""Settings of a core where bills can be paid: links are made, and nobody is asked."""

SCENES: Mapping[str, Callable[[Session], Scene]] = MappingProxyType(
    {scene.__name__: scene for scene in (*EMPLOYERS, *PEOPLE)}
)


@dataclass
class Wire:
    """The way from one client to the core."""

    core: Core
    running: Running
    _away: bool = False

    @property
    def away(self) -> bool:
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        self.core._knocker.url = _NOBODY if away else self.running.url

    def wait(self, seconds: float) -> None:
        """Let time pass at the core as well."""
        clock: Clock = self.running.clock
        clock.now += timedelta(seconds=seconds)
