"""The page at `/`, its style, script and font."""

from pathlib import Path

from aiohttp import web

from sandbox.desk.world import World

STATIC = Path(__file__).parent.parent / "static"


class Page:
    """The doors a browser opens first."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.static("/static", STATIC)]
