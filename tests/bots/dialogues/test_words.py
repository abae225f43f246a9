"""Words of menu and buttons: short verbs in every language, and every action of a notice answered."""

import ast
from pathlib import Path

import pytest

import bots.dialogues
from api.kit.language import Language, Sentence
from api.kit.speech import Speech
from api.templates.catalogue import ACTIONS
from bots import wording
from bots.dialogues import collected

LONGEST = 20
DIALOGUES = collected()


def labels() -> list[str]:
    """The msgids of all fixed options of the dialogues, read from their source."""
    found = []
    for path in sorted(Path(bots.dialogues.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Option"), args=[_, words]):
                    found += [msgid for msgid in _msgids(words) if "{" not in msgid]
    return found


def _msgids(words: ast.expr) -> list[str]:
    match words:
        case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str(msgid))]):
            return [msgid]
        case ast.Call(func=ast.Attribute(value=chat, attr="by_sms"), args=[sms]):
            return [*_msgids(chat), *_msgids(sms)]
        case ast.Attribute(value=ast.Name(id="wording"), attr=name):
            return [vars(wording)[name].msgid]
    return []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("msgid", sorted({*labels(), *(one.words.msgid for one in DIALOGUES)}))
def test_a_button_has_at_most_twenty_letters(msgid, language):
    assert 0 < len(Speech(language).word(Sentence(msgid))) <= LONGEST


def test_the_buttons_of_the_dialogues_were_found():
    assert {"I agree", "That is all", "Older notices", "Numbers to copy", "The numbers"} <= set(
        labels()
    )


def test_every_button_of_a_notice_opens_a_dialogue():
    assert set(ACTIONS) <= DIALOGUES.actions()
