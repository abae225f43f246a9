"""The page at `/`, its style, script and font."""

from pathlib import Path

import jinja2
from aiohttp import web

from sandbox.desk.words import WORDS
from sandbox.desk.world import World

STATIC = Path(__file__).parent.parent / "static"
# The page talks to nobody but the desk; a mail's page is shown in a frame that may do nothing.
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"
YEAR = 365 * 24 * 3600  # seconds


class Page:
    """The doors a browser opens first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._template = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ).get_template("desk.html")

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/", self._page), web.static("/static", STATIC)]

    async def _page(self, request: web.Request) -> web.Response:
        asked = request.query.get("lang") or request.cookies.get("desk_language", "")
        language = asked if asked in WORDS else "fa"
        text = self._template.render(
            language=language,
            other="en" if language == "fa" else "fa",
            direction="rtl" if language == "fa" else "ltr",
            words=WORDS[language],
            empty=len(self._world.people) == 0,
            web=self._world.web_url.rstrip("/"),
        )
        answer = web.Response(
            text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY}
        )
        answer.set_cookie("desk_language", language, max_age=YEAR, samesite="Strict")
        return answer
