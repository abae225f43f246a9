"""The languages we speak, by their names and as they are asked for."""

import pytest

from api.kit.language import Language, asked_for


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("fa", Language.FA),
        ("ar-IQ,ar;q=0.9", Language.AR),
        ("ckb-IR", Language.CKB),
        ("ku", Language.CKB),
        ("KU-Arab-IQ, fa;q=0.5", Language.CKB),
        ("ku-Latn-TR, tr, en;q=0.5", Language.EN),
        ("de-DE, *;q=0.1", None),
        ("arc", None),
        (", ,;q=1", None),
        ("", None),
    ],
)
def test_a_language_is_asked_for_as_browsers_ask(accepted: str, language: Language | None):
    assert asked_for(accepted) is language


def test_languages_name_themselves_and_their_direction():
    assert [(one.own_name, one.direction) for one in Language] == [
        ("فارسی", "rtl"),
        ("English", "ltr"),
        ("العربية", "rtl"),
        ("کوردی", "rtl"),
    ]
