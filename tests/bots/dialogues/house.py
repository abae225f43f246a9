"""The real core behind the dialogues, and the wire between them, which a transcript can cut."""

from dataclasses import dataclass
from datetime import timedelta

from api.client import Core
from tests.support.core import Clock, Running

_NOBODY = "http://127.0.0.1:9"


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
