"""The desk: the page with the phones, and the JSON behind it that tests use too."""

from aiohttp import web

from sandbox.desk.outside import Outside
from sandbox.desk.page import Page
from sandbox.desk.pocket import Pocket
from sandbox.desk.world import World


def add_to(app: web.Application, world: World) -> None:
    """Give an application the desk's doors."""
    app.add_routes(Pocket(world).routes())
    app.add_routes(Outside(world).routes())
    app.add_routes(Page(world).routes())
