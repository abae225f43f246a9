"""The hub of the walks, the browser they are walked in, and where their pictures go."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.hub import Hub
from tests.browser.walking import Walk

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A browser of its own accord looks for updates and news: nothing here may leave this machine.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The whole hub, running; it must stop as cleanly as it has started."""
    running = Hub(tmp_path_factory.mktemp("hub"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "the walks need Chromium: apt install chromium"
    # Chromium has no sandbox of its own for root.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=[*QUIET, *root])
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Where pictures go: the folder named by BROWSER_SHOTS, or a temporary one."""
    named = os.environ.get("BROWSER_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return Walk(folder)
