"""The terms of the trade are used where a text needs them."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from api.kit.language import DOMAIN, LOCALES, Language
from locales import glossary

DOCS = LOCALES.parent / "docs"
TABLE = """
[debt]
english = "[Dd]ebts?"
fa = ["بدهی"]

[debt.except]
"No debt" = "Everybody says it so."
"""


@pytest.fixture
def terms(tmp_path: Path) -> list[glossary.Term]:
    (tmp_path / "terms.toml").write_text(TABLE, "utf-8")
    return glossary.terms(tmp_path / "terms.toml")


def use(terms: list[glossary.Term], **said: str) -> glossary.Use:
    catalogue = Catalog(locale="fa")
    for english, persian in said.items():
        catalogue.add(english.replace("_", " "), persian)
    return glossary.use(catalogue, "fa", terms)


def test_a_text_that_needs_a_term_and_lacks_it_is_told(terms: list[glossary.Term]):
    found = use(terms, Your_debt="بدهی شما", My_debts="قرض من", Debtor="او", Hello="سلام")
    assert found.needed == 2
    assert found.share == 0.5
    [told] = found.lacking
    assert told == "'My debts' says no debt in 'قرض من'"


def test_a_half_space_and_a_vowel_mark_hide_no_term(terms: list[glossary.Term]):
    assert not use(terms, Debts="بِدهی‌ها").lacking


def test_the_name_of_a_hole_needs_no_term(terms: list[glossary.Term]):
    catalogue = Catalog(locale="fa")
    catalogue.add("{debt}: {amount}", "{debt}: {amount}")
    assert glossary.use(catalogue, "fa", terms).needed == 0


def test_an_exception_is_no_fault_and_still_counts(terms: list[glossary.Term]):
    found = use(terms, No_debt="هیچ", Debt="بدهی")
    assert (found.lacking, found.share) == ([], 0.5)


def test_a_word_that_the_glossary_does_not_explain_is_told(
    terms: list[glossary.Term], tmp_path: Path
):
    (tmp_path / "glossary-fa.md").write_text("| bill | قبض |", "utf-8")
    assert [*glossary.unexplained(terms, "fa", tmp_path)] == [
        "debt (بدهی) does not stand in the glossary"
    ]


@pytest.mark.parametrize("language", [one for one in Language if one is not Language.EN])
def test_every_language_uses_its_glossary(language: Language):
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    assert [*glossary.faults(catalogue, language, DOCS)] == []
    assert glossary.use(catalogue, language, glossary.terms()).needed > 300


def test_every_exception_is_a_sentence_that_lacks_its_term_somewhere():
    for term in glossary.terms():
        for english, reason in term.excepted.items():
            assert term.is_needed(english), english
            assert reason.endswith("."), english
