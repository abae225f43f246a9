"""A talk that was kept by an older release goes on with today's code."""

import json

import pytest

from tests.bots import yesterday
from tests.bots.players import Heard
from tests.bots.transcripts import act, says


@pytest.mark.parametrize("name", yesterday.SCENES)
async def test_a_talk_of_yesterday_goes_on(name: str):
    scene = yesterday.SCENES[name]
    person, knocker = yesterday.player(scene)
    person.state = (yesterday.FOLDER / f"{name}.json").read_text("utf-8")
    [talk] = json.loads(person.state)["talks"]
    person.now = talk["touched"] + 60
    heard: list[Heard] = []
    for line, words in scene.goes_on:
        heard = await act(line, person, heard, knocker) or heard
        assert says(heard, words, "en"), heard


def test_every_stored_talk_is_played():
    stored = {path.stem for path in yesterday.FOLDER.glob("*.json")}
    assert stored == set(yesterday.SCENES)


@pytest.mark.parametrize("name", yesterday.SCENES)
async def test_a_talk_of_yesterday_goes_on_after_a_night(name: str):
    """Its results are read again, its answers are kept."""
    scene = yesterday.SCENES[name]
    person, knocker = yesterday.player(scene)
    person.state = (yesterday.FOLDER / f"{name}.json").read_text("utf-8")
    heard = await act("> ?", person, [], knocker)
    assert heard
    assert heard[0].buttons
