"""A talk in the terminal, and the transcript it writes."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from api.client import Core
from bots.chat import Transcript, chat
from tests.bots import trials
from tests.bots.transcripts import play


@pytest.mark.parametrize("buttons", [True, False])
async def test_what_was_said_is_a_transcript_that_plays(
    buttons: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    said = "menu\n:tap 0.menu|booklet\n3\nstolen\n:contact 09121234567\n:location x\n1\n1\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    path = tmp_path / "said.txt"
    transcript = Transcript(path, "en")
    core = trials.new_core(trials.new_knocker())
    await chat(
        trials.DIALOGUES,
        core,
        audience="employers",
        name="desk",
        language="en",
        channel="telegram" if buttons else "terminal",
        transcript=transcript,
    )
    transcript.close()
    shown = capsys.readouterr().out
    assert "Request B-1 is on its way" in shown
    assert ("[The first one ‹1.kind|first›]" in shown) is buttons
    assert ("3. A duplicate" in shown) is not buttons

    def fresh(_messenger: str) -> tuple[Core, Any]:
        knocker = trials.new_knocker()
        return trials.new_core(knocker), knocker

    await play(path, dialogues=trials.DIALOGUES, core=fresh)


async def test_a_number_talks_as_by_sms(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("nonsense\n7\n\n"))
    core = trials.new_core(trials.new_knocker())
    await chat(
        trials.DIALOGUES,
        core,
        audience="people",
        name="+989990000501",
        language="en",
        channel="sms",
        transcript=Transcript(None, "en"),
    )
    shown = capsys.readouterr().out
    assert "Send 0 for the menu" in shown
