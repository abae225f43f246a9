"""The PIN of SMS: four digits behind a number, with which one answer says amounts and names."""

import re
from itertools import count

from api.client import Core
from api.identity.refusals import WeakPin
from api.identity.rules import PIN_DIGITS
from api.kit.language import _
from api.kit.text import ascii_digits
from bots import wording
from bots.dialogues.lines import lines
from bots.talk import Ask, Confirm, Do, Finish, Say, Unclear, dialogue


@dialogue(
    "pin",
    words=_("PIN for SMS"),
    audiences=("people", "employers"),
    place=80,
    keywords=("رمز", "رمز پیامک", "پین"),
)
async def pin(core: Core) -> None:
    """Choose the PIN, or another one."""
    me = await Do("me", core.access.me)
    if not me.linked:
        await Say(_("First link this chat to you, then choose a PIN."))
        return
    for turn in count(1):
        chosen = await Ask(
            f"pin.{turn}",
            lines(
                _("Which four digits shall be your PIN?"),
                _("Written behind a number in an SMS, it shows amounts and names: 3 4831."),
            ),
            check=a_pin,
            secret=True,
            longest=20,
        )
        if not await Confirm(
            _("Shall these digits be your PIN from now on?"),
            step=f"confirm.{turn}",
            yes=_("Set it"),
        ):
            return
        try:
            await Finish(f"chosen.{turn}", core.identity.choose_pin, pin=chosen)
        except WeakPin as no:
            await Say(wording.refusal(no))
        else:
            await Say(_("Your PIN is set. Tell it to nobody; we never ask for it."))
            return


def a_pin(text: str) -> str:
    """Read four digits in any script; raises Unclear."""
    said = ascii_digits(text).replace(" ", "")
    if not re.fullmatch(rf"[0-9]{{{PIN_DIGITS}}}", said):
        raise Unclear(_("A PIN has {digits} digits.").using(digits=PIN_DIGITS))
    return said
