"""Somebody talks on the page while the bots behind it die: each line stands there once, and its answer.

A browser that gets no answer sends the same form again, as a person does who presses again. What
the page shows in the end is held against a talk in which nobody died.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from sqlalchemy import text

from tests.bots.web.reading import Form, Sheet, read
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import AUDIENCE, PATIENCE, Opener, World

LINES = ("2", "menu", "1", "2", "help", "menu")
POINTS = ("memory.said",)
NTH: Mapping[str, int] = {"memory.said": len(LINES)}

_PAGE = f"/talk/{AUDIENCE}"
_reference: list[str] = []


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Talk on the page, let the bots die at a point, start them again, and count what is shown."""
    if not _reference:
        _reference.extend(_talk(open_world("sqlite", talks=True, BOTS_WEB_URL="http://page"), None))
    shown = _talk(open_world(dialect, talks=True, BOTS_WEB_URL="http://page"), death)
    if shown == _reference:
        return Tally()
    lost = sum(max(0, _reference.count(one) - shown.count(one)) for one in set(_reference))
    twice = sum(max(0, shown.count(one) - _reference.count(one)) for one in set(shown))
    assert lost or twice, f"out of order: {shown}, not {_reference}"
    return Tally(lost=lost, twice=twice, notes=[f"{shown}, not {_reference}"])


@dataclass
class _Browser:
    """A page in a window; its bots are started again when they have died."""

    world: World
    death: Death | None
    died: bool = False
    sheet: Sheet = field(default_factory=Sheet)

    def __post_init__(self) -> None:
        self._bots = self.world.start("bots", self.death)
        self.world.ready("bots")
        url = f"http://127.0.0.1:{self.world.env['BOTS_PORT']}"
        self._client = httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE)

    def look(self) -> None:
        self._read("GET", _PAGE, {})

    def press(self, form: Form, **fields: str) -> None:
        self._read("POST", form.action, {**form.fields, **fields})
        self.world.until(self._answered, "the page has its answer")

    def close(self) -> None:
        self._client.close()
        self._bots.stop()

    def _answered(self) -> bool:
        if "waiting" in self.sheet.texts:
            self.look()
        return "waiting" not in self.sheet.texts

    def _read(self, method: str, path: str, fields: Mapping[str, str]) -> None:
        while True:
            try:
                self.sheet = read(self._client.request(method, path, data=dict(fields)).text)
            except httpx.TransportError:
                self._start_again()
            else:
                return

    def _start_again(self) -> None:
        self.world.until(lambda: self._bots.poll() is not None, "the bots are dead")
        assert self._bots.code == -9, self._bots.said()
        self.died = True
        assert self.world.memory is not None
        with self.world.memory.writing("arranged") as session:
            session.execute(text("UPDATE chats SET lease_until = 0"))
        self._bots = self.world.start("bots")
        self.world.ready("bots")


def _talk(world: World, death: Death | None) -> Sequence[str]:
    """Hold the talk; gives every line that the page shows in the end."""
    world.start("web")
    world.ready("web")
    browser = _Browser(world, death)
    try:
        browser.look()
        browser.press(browser.sheet.form(f"{_PAGE}/begin", "start"))
        for line in LINES:
            browser.press(browser.sheet.form(_PAGE, "text"), text=line)
        assert browser.died is (death is not None), "the point was reached"
        return [f"{'>' if one.mine else '<'} {one.text}" for one in browser.sheet.messages]
    finally:
        browser.close()
