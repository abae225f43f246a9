"""Labels of buttons fit a phone, in every language: 20 letters at most (voice, rule 5)."""

import ast
import gettext
from collections.abc import Iterator

import pytest

from api.kit.language import DOMAIN, LOCALES, Language

_ROOT = LOCALES.parent
_MOST = 20
# Where a label is written: the calls and their arguments, and the sentences of the engine's buttons.
_CALLS = {"Option", "Act", "dialogue", "Confirm"}
_KEYWORDS = {"words", "yes"}
_ENGINE = {
    "MENU", "BACK", "CANCEL", "MORE", "SEND", "CHANGE", "LANGUAGE", "HELP_LABEL", "PERSON",
    "GO_ON", "WANTS_LABEL", "ACTIONS",
}  # fmt: skip


def labels(source: str) -> Iterator[str]:
    """Every label that a module writes as it is, without holes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called in _CALLS:
                if called in {"Option", "Act"}:
                    yield from _sentences(*node.args)
                yield from _sentences(*(one.value for one in node.keywords if one.arg in _KEYWORDS))
            case ast.Assign(targets=[ast.Name(id=name)]) if name in _ENGINE:
                yield from _sentences(node.value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if (
                name in _ENGINE
            ):
                yield from _sentences(value)


def _sentences(*written: ast.expr) -> Iterator[str]:
    for node in (inner for one in written for inner in ast.walk(one)):
        match node:
            case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str(said))]) if (
                "{" not in said
            ):
                yield said


_LABELS = sorted({
    label
    for path in [*_ROOT.glob("bots/**/*.py"), *_ROOT.glob("api/templates/*.py")]
    for label in labels(path.read_text("utf-8"))
})  # fmt: skip


def test_labels_are_found_where_they_are_written():
    source = """
MENU = _("Menu")
WANTS_LABEL: Mapping[str, Sentence] = MappingProxyType({"file": _("Send a file")})
HELP = _("No label")
Option("a", _("One")), Option("b", _("{day}")), Confirm(asked, yes=_("Unlink"))
@dialogue("debts", words=_("My debts"))
async def debts(core): await Say(_("No label either"))
"""
    assert sorted(labels(source)) == ["Menu", "My debts", "One", "Send a file", "Unlink"]
    assert {"Menu", "My debts", "Share my number", "See the details", "Unlink"} <= set(_LABELS)


@pytest.mark.parametrize("language", Language)
def test_every_label_fits_its_button(language: Language):
    said = gettext.translation(DOMAIN, LOCALES, [language], fallback=language == "en").gettext
    assert [words for label in _LABELS if len(words := said(label)) > _MOST] == []
