"""Wording files are read as they are written."""

from pathlib import Path

import pytest

from api.kit.language import Sentence
from api.templates import layout
from api.templates.catalogue import TEMPLATES
from api.templates.layout import Kind, Line, parse
from locales.extract import sentence

FILES = sorted(layout.WORDING.glob("*/*.txt"))


def test_a_wording_has_a_subject_and_paragraphs():
    read = parse(
        "Subject: A debt\n\n# Heading\nOne {day}.\n? Two {left}.\n\n\n| Amount | {amount} |\n"
    )
    assert read.subject == Sentence("A debt")
    assert read.paragraphs == (
        (
            Line(Kind.HEADING, Sentence("Heading")),
            Line(Kind.SENTENCE, Sentence("One {day}.")),
            Line(Kind.SENTENCE, Sentence("Two {left}."), needs=frozenset({"left"})),
        ),
        (Line(Kind.ROW, Sentence("Amount"), Sentence("{amount}")),),
    )


def test_a_row_may_be_left_out_too():
    (line,) = parse("? | Name | {name} |").paragraphs[0]
    assert line == Line(Kind.ROW, Sentence("Name"), Sentence("{name}"), frozenset({"name"}))


@pytest.mark.parametrize("row", ["| Amount |", "| Amount | {amount} | {more} |", "| | {amount} |"])
def test_a_row_without_a_label_and_a_value_is_refused(row):
    with pytest.raises(ValueError, match="a label and a value"):
        parse(row)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_catalogues_take_the_same_sentences_from_a_file(path: Path):
    """The extractor stands apart from the core: they must agree on what a sentence is."""
    text = path.read_text("utf-8")
    extracted = {said for line in text.splitlines() if (said := sentence(line.strip()))}
    read = parse(text)
    lines = [line.sentence.msgid for lines in read.paragraphs for line in lines]
    subject = [read.subject.msgid] if read.subject else []
    assert extracted == {msgid for msgid in lines + subject if sentence(msgid)}


def test_every_folder_of_wording_belongs_to_a_template():
    assert {path.parent.name for path in FILES} == set(TEMPLATES)


def test_a_missing_wording_is_told():
    with pytest.raises(LookupError, match="no wording"):
        layout.wording("link_code", "email")
