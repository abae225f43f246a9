"""Each catalogue counts as ICU does for its language."""

import gettext

import pytest
from babel.messages.pofile import read_po
from icu4py.messageformat import MessageFormat

from api.kit.language import DOMAIN, LOCALES, Language

# The forms of a catalogue, in its order, by ICU's names.
_FORMS = {2: ("one", "other"), 6: ("zero", "one", "two", "few", "many", "other")}


@pytest.mark.parametrize("language", [one for one in Language if one is not Language.EN])
def test_a_number_has_the_form_that_icu_gives_it(language: Language):
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    form = gettext.c2py(catalogue.plural_expr)
    named = "".join(f"{name}{{{n}}}" for n, name in enumerate(_FORMS[catalogue.num_plurals]))
    oracle = MessageFormat(f"{{n,plural,{named}}}", language.value)
    for n in (*range(230), 1_000, 1_002, 1_000_011):
        assert form(n) == int(oracle.format({"n": n})), n
