"""A core with a bank beside it, and somebody who has a bill to pay."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from api.db import Store
from api.kit.language import Language
from tests.api.portal.bank import ROOT, Bank, Payer, payer
from tests.support import core


@pytest.fixture
def clock() -> core.Clock:
    return core.Clock()


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def app(store: Store, clock: core.Clock, bank: Bank) -> FastAPI:
    made = core.app(store, clock, zarinpal_root=ROOT, zarinpal_merchant="m" * 36)
    made.state.gateway = bank
    return made


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of a person who reads English, with cookies and without keys."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://127.0.0.1:8000",
        headers={"accept-language": "en-GB,en;q=0.9", "sec-fetch-site": "same-origin"},
    ) as opened:
        yield opened


@pytest.fixture
def mina(store: Store) -> Payer:
    """Somebody with an open bill and a page to pay it on, in English."""
    with store.writing("test") as session:
        return payer(session, language=Language.EN)
