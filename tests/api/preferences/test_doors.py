"""The doors of preferences, knocked at for real."""

import pytest

from tests.support import core
from tests.support.acting import acting, let_contacts_act


async def post(store, path: str, body: dict[str, object], **headers: str):
    async with core.doors(core.app(store), Idempotency_Key="one", **headers) as doors:
        return await doors.post(path, json=body)


@pytest.fixture
def headers(store, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    let_contacts_act(monkeypatch)
    with store.writing("arrange") as session:
        return acting(session).headers


async def test_chosen_language_is_spoken_from_now_on(store, headers):
    answer = await post(store, "/v1/preferences/language", {"language": "en"}, **headers)
    assert answer.json() == {"language": "en", "consent": True}
    async with core.doors(core.app(store), **headers) as doors:
        assert (await doors.get("/v1/access/me")).json()["language"] == "en"


async def test_language_we_do_not_speak_is_refused(store, headers):
    answer = await post(store, "/v1/preferences/language", {"language": "xx"}, **headers)
    assert (answer.status_code, answer.json()["params"]["field"]) == (422, "language")


async def test_stop_is_in_force_at_once(store, headers):
    answer = await post(store, "/v1/preferences/consent", {"on": False}, **headers)
    assert answer.json() == {"language": "fa", "consent": False}


async def test_stranger_has_no_preferences(store):
    answer = await post(
        store, "/v1/preferences/consent", {"on": False}, X_Chat="telegram:employers:77"
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_linked")
