"""The page that a paper's square opens: whether its code is ours, its day and its subject."""

from datetime import date

from api.kit.language import _
from api.kit.text import Code
from api.portal.pages import Page
from api.records import papers

PATH = papers.CHECK


def page(shown: str, found: tuple[date, int] | None) -> Page:
    """Say yes or no about a code, and for what it vouches; `shown` is empty where it is none."""
    if found is None:
        return Page(
            _("This paper is not from us"),
            [
                _("No paper of ours has the code {code}.").using(code=Code(shown))
                if shown
                else _("The code of a paper has sixteen letters and digits."),
                _("If it was written by hand, compare it letter by letter."),
            ],
            sign="care",
            status=404,
        )
    day, all_days = found
    return Page(
        _("This paper is from us"),
        [_("If the paper says anything else, it was altered.")],
        figures=[
            (_("Made on"), day),
            (_("About"), papers.subject_of(all_days)),
            (_("Check code"), Code(shown)),
        ],
        sign="done",
    )
