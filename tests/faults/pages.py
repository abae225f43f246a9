"""The web dies when somebody signs in to the pages or out of them, and they try again.

An address signs in once, however often it is opened: whose session was cut off before its cookie
came asks the chat for another address.
"""

import re
from typing import Any

import httpx

from api.access import signin
from tests.faults import country
from tests.faults.nursery import Death
from tests.faults.tally import Tally
from tests.faults.world import PATIENCE, Opener, World
from tests.support import paying

POINTS = ("portal.enter", "portal.leave")
COOKIE = "receipts"
RECEIPTS, LEAVE = "/my/receipts", "/my/leave"
_FORM = re.compile(r'name="form" value="([^"]+)"')


def run(open_world: Opener, dialect: str, death: Death) -> Tally:
    """Sign in and out, let the web die at a point of it, and do it again."""
    world = open_world(dialect)
    with world.store.writing("arranged") as session:
        who = country.payer(session, 1)
    web = world.start("web", death)
    world.ready("web")
    point, _, side = death.point.rpartition(".")
    opened = _offered(world, who)
    secret = _entered(world, opened) if point == "portal.leave" else ""
    asking, pressed = (RECEIPTS, LEAVE) if secret else (opened, opened)
    form = _FORM.search(_look(world, asking, secret).text)
    assert form is not None, f"there is no button at {asking}"
    assert _post(world, pressed, form[1], secret) is None, "the web answered and should have died"
    assert web.wait(5) == -9, web.said()
    world.start("web")
    world.ready("web")
    if secret:
        return _left(world, secret, form[1], was_done=side == "after")
    return _came_in(world, who, opened, was_done=side == "after")


def _came_in(world: World, who: paying.Payer, opened: str, *, was_done: bool) -> Tally:
    """The address opens still where nothing was done; where it was, it opens nothing more."""
    again = _entered(world, opened)
    secret = _entered(world, _offered(world, who)) if was_done else again
    return Tally(
        lost=int(not _is_in(world, secret)),
        twice=int(was_done and bool(again)) + int(bool(_entered(world, opened))),
    )


def _left(world: World, secret: str, form: str, *, was_done: bool) -> Tally:
    """The session is open still where nothing was done, and ended after the second try."""
    is_open = _is_in(world, secret)
    assert _post(world, LEAVE, form, secret) is not None
    return Tally(lost=int(is_open == was_done), twice=int(_is_in(world, secret)))


def _offered(world: World, who: paying.Payer) -> str:
    """What the chat gives whoever asks to see their receipts."""
    with world.store.writing("arranged") as session:
        token = signin.offer(
            session, link_id=who.link.id, person_id=who.person.id, now=country.now()
        )
    return f"/enter/{token}"


def _entered(world: World, opened: str) -> str:
    """Open an address and confirm; gives the cookie, "" where it opens nothing any more."""
    form = _FORM.search(_look(world, opened).text)
    if form is None:
        return ""
    answer = _post(world, opened, form[1])
    assert answer is not None
    return answer.cookies.get(COOKIE) or ""


def _is_in(world: World, secret: str) -> bool:
    """Whether a cookie shows receipts: their page has a button to sign out."""
    return _FORM.search(_look(world, RECEIPTS, secret).text) is not None


def _look(world: World, path: str, secret: str = "") -> httpx.Response:
    return httpx.get(_at(world, path), headers=_cookie(secret), timeout=PATIENCE)


def _post(world: World, path: str, form: str, secret: str = "") -> httpx.Response | None:
    try:
        return httpx.post(
            _at(world, path), data={"form": form}, headers=_cookie(secret), timeout=PATIENCE
        )
    except httpx.TransportError:
        return None


def _at(world: World, path: str) -> str:
    return world.env["API_PUBLIC_URL"] + path


def _cookie(secret: str) -> dict[str, Any]:
    return {"Cookie": f"{COOKIE}={secret}"} if secret else {}
