"""Every no of the core, and every sentence of the engine, can be said in every language."""

import pkgutil
from importlib import import_module

import pytest

import api
from api.errors import Refusal
from api.kit.identifiers import BadIdentifier, Reason
from api.kit.language import Language, Sentence
from api.kit.speech import Speech
from bots import wording

FACTS = {"left": 2, "wait_seconds": 400, "bytes": 10, "name": "debt_fines", "day": "2026-12-01"}


def _codes() -> list[type[Refusal]]:
    for package in pkgutil.iter_modules(api.__path__, "api."):
        if package.ispkg:
            names = {
                found.name for found in pkgutil.iter_modules(import_module(package.name).__path__)
            }
            if "refusals" in names:
                import_module(f"{package.name}.refusals")
    return sorted(
        {no for no in Refusal.all() if no.__module__.startswith("api.")}, key=lambda no: no.code
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("no", _codes(), ids=lambda no: no.code)
def test_every_refusal_has_words_of_its_own(no: type[Refusal], language: Language):
    assert no.code in wording.REFUSALS
    said = Speech(language).word(wording.refusal(no(**FACTS)))
    assert said
    assert "{" not in said
    assert no.code not in said


def test_a_refusal_without_its_facts_is_said_all_the_same():
    for no in _codes():
        assert Speech(Language.FA).word(wording.refusal(no()))


def test_a_code_of_a_newer_core_is_said_in_the_words_of_its_family():
    said = wording.refusal(Refusal.of("something_new", 404, {}))
    assert said.msgid == wording.refusal(Refusal.of("not_found", 404, {})).msgid


def test_whatever_is_wrong_with_a_number_has_words():
    for reason in Reason:
        assert Speech(Language.EN).word(wording.bad_identifier(BadIdentifier("thing", reason)))


@pytest.mark.parametrize("language", Language)
def test_labels_fit_a_button(language: Language):
    speech = Speech(language)
    labels = (
        wording.MENU, wording.BACK, wording.CANCEL, wording.MORE, wording.SEND, wording.CHANGE,
        wording.LANGUAGE, wording.HELP_LABEL, wording.PERSON, wording.GO_ON,
        *wording.WANTS_LABEL.values(),
    )  # fmt: skip
    for label in labels:
        assert isinstance(label, Sentence)
        assert len(speech.word(label)) <= 20
