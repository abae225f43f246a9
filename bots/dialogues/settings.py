"""What a chat can be told about itself: to be linked no more, and whoever may act for whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from api.access.schemas import Me, Trusted
from api.client import Core
from api.kit.language import Sentence, _
from bots import talk
from bots.dialogues.lines import lines
from bots.dialogues.meeting import linked_to
from bots.talk import Ask, Confirm, Do, Finish, Option, Say, dialogue

_STOPS = {
    "people": _(
        "Once unlinked, it shows no bills, no record and no notices, and gets no messages."
    ),
    "employers": _("Once unlinked, it shows no debts and no notices, and gets no messages."),
}
_CHAT, _EVERYWHERE = "chat", "everywhere"
_AFTER = _(
    "Our notices then reach you by SMS and email, and you can link it again at any time."
).by_sms(_("You can link it again at any time."))


@dataclass(frozen=True, slots=True)
class _End:
    """Something that can be ended: its line in the list, what is asked before, and said after."""

    option: Option
    asked: Sentence
    said: Sentence
    verb: Callable[..., Awaitable[None]]
    grant: UUID | None = None


@dialogue(
    "unlink",
    words=_("Unlink this chat"),
    audiences=("people", "employers"),
    place=90,
    keywords=("قطع ارتباط",),
)
async def unlink(core: Core) -> None:
    """End the chat's link, one right to act for another, or everything, after saying what stops."""
    me = await Do("me", core.access.me)
    if not me.linked:
        await Say(_("This chat is linked to nobody, so there is nothing to unlink."))
        return
    ends = _ends(core, me, await Do("trusted", core.access.trusted))
    what = next(iter(ends))
    if len(ends) > 1:
        what = await Ask("what", _("What shall end?"), [one.option for one in ends.values()])
    end = ends[what]
    if not await Confirm(end.asked, yes=_("Unlink")):
        await Say(
            _("Very well, this chat stays linked.")
            if what == _CHAT
            else _("Very well, nothing has changed.")
        )
        return
    if end.grant is None:
        await Finish("unlink", end.verb)
    else:
        await Finish("unlink", end.verb, grant=end.grant)
    await Say(end.said)


def _ends(core: Core, me: Me, trusted: Trusted) -> dict[str, _End]:
    """What can be ended here, in the order it is offered; alone where there is but this chat.

    A number that speaks with the link of a chat elsewhere can end that one only with all the others.
    By SMS nobody is named: NO ACCESS ends what chats of others may do.
    """
    ends = [_whole_chat(core, me)] if not me.elsewhere else []
    if talk.opens_pages():
        ends += [
            _End(
                Option(f"p.{one.id}", _("{name}, shown here").using(name=one.label)),
                _("This chat then no longer shows {name}.").using(name=one.label),
                _("This chat no longer shows {name}.").using(name=one.label),
                core.access.end_person,
                one.id,
            )
            for one in me.grants
            if one.kind == "person"
        ]
        ends += [
            _End(
                Option(f"t.{one.id}", _("The chat of {name}, who sees you").using(name=one.name)),
                _("The chat of {name} then no longer sees your record or acts for you.").using(
                    name=one.name
                ),
                _("The chat of {name} no longer sees your record or acts for you.").using(
                    name=one.name
                ),
                core.access.end_person,
                one.id,
            )
            for one in trusted.items
        ]
    if len(ends) != 1 or trusted.chats > 1 or trusted.items:
        ends.append(_every_chat(core))
    return {one.option.id: one for one in ends}


def _whole_chat(core: Core, me: Me) -> _End:
    return _End(
        Option(_CHAT, _("This chat")),
        lines(
            linked_to(me.name),
            _STOPS[talk.audience()].by_sms(_("Once unlinked, it is told nothing.")),
            _AFTER,
        ),
        _("This chat is no longer linked. Thank you for your time with us."),
        core.access.unlink,
    )


def _every_chat(core: Core) -> _End:
    return _End(
        Option(_EVERYWHERE, _("All, everywhere")),
        lines(
            _("Every chat of yours is then unlinked: on every messenger, by SMS and on the web."),
            _("No chat of another acts for you any more either."),
            _AFTER,
        ),
        _("No chat is linked to you any more. Thank you for your time with us."),
        core.access.unlink_everywhere,
    )
