"""What a chat can be told about itself: to be linked no more."""

from api.client import Core
from api.kit.language import _
from bots import talk
from bots.dialogues.lines import lines
from bots.dialogues.meeting import linked_to
from bots.talk import Confirm, Do, Finish, Say, dialogue

_STOPS = {
    "people": _(
        "Once unlinked, it shows no bills, no record and no notices, and gets no messages."
    ),
    "employers": _("Once unlinked, it shows no debts and no notices, and gets no messages."),
}


@dialogue(
    "unlink",
    words=_("Unlink this chat"),
    audiences=("people", "employers"),
    place=90,
    keywords=("قطع ارتباط",),
)
async def unlink(core: Core) -> None:
    """End the chat's link after saying what stops with it."""
    me = await Do("me", core.access.me)
    if not me.linked:
        await Say(_("This chat is linked to nobody, so there is nothing to unlink."))
        return
    asked = lines(
        linked_to(me.name),
        _STOPS[talk.audience()].by_sms(_("Once unlinked, it is told nothing.")),
        _(
            "Our notices then reach you by SMS and email, and you can link it again at any time."
        ).by_sms(_("You can link it again at any time.")),
    )
    if not await Confirm(asked, yes=_("Unlink")):
        await Say(_("Very well, this chat stays linked."))
        return
    await Finish("unlink", core.access.unlink)
    await Say(_("This chat is no longer linked. Thank you for your time with us."))
