"""My notices: the inbox, read in the bot."""

from collections.abc import Mapping, Sequence
from itertools import count
from types import MappingProxyType
from uuid import UUID

from api.client import Core
from api.kit.language import Sentence, _
from api.kit.text import Public
from api.notices.schemas import NoticePage
from bots import wording
from bots.dialogues.lines import lines
from bots.talk import Act, Ask, Do, Option, Say, dialogue

_OLDER = "older"


@dialogue(
    "notices",
    words=_("My notices"),
    place=60,
    keywords=("inbox", "پیام‌ها", "پیام‌های من"),
)
async def notices(core: Core) -> None:
    """List the notices, newest first; show the one that is chosen, and the list again."""
    after: UUID | None = None
    for turn in count(1):
        page = await Do(f"page.{turn}", core.notices.mine, after=after)
        if not page.items and after is None:
            await Say(_("There is no notice for you yet."))
            return
        chosen = await Ask(f"notice.{turn}", _("Which notice?"), _listed(page))
        if chosen == _OLDER:
            after = page.after
            continue
        opened = await Do(f"opened.{turn}", core.notices.opened, code=chosen)
        await Say(lines(opened.text))
        acts = [
            Act(action, opened.code, _ACTIONS[action])
            for action in opened.actions
            if action in _ACTIONS
        ]
        following = await Ask(f"next.{turn}", wording.WHAT_NEXT, _NEXT, acts=acts)
        if following == "done":
            return
        after = None


_NEXT = (
    Option("list", _("All my notices")),
    Option("done", wording.THAT_IS_ALL),
)
# The buttons of the notices themselves (api/templates/catalogue.py), in the same words.
_ACTIONS: Mapping[str, Sentence] = MappingProxyType({
    "debt_details": _("See the details"),
    "pay_bill": _("Pay"),
    "bill_details": _("See the details"),
    "request_details": _("Follow the request"),
    "rate_request": _("Say how it went"),
    "is_it_genuine": _("Is it genuine?"),
})  # fmt: skip


def _listed(page: NoticePage) -> Sequence[Option]:
    options = [
        Option(
            line.code, _("{day:plain}: {subject}").using(day=line.day, subject=Public(line.subject))
        )
        for line in page.items
    ]
    if page.after is not None:
        options.append(Option(_OLDER, _("Older notices")))
    return options
