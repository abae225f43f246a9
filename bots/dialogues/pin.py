"""The PIN of SMS: four digits behind a number, with which one answer says amounts and names."""

import re

from api.client import Core
from api.identity.refusals import WeakPin
from api.identity.rules import PIN_DIGITS, is_guessed_first
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
    chosen = await Ask(
        "pin",
        lines(
            _("Which four digits shall be your PIN?"),
            # An example that is refused as a PIN: some would choose it.
            _("Written behind a number in an SMS, it shows amounts and names: 3 1234."),
        ),
        check=a_pin,
        secret=True,
        longest=20,
    )
    sure = await Confirm(
        _("Shall these digits be your PIN from now on?"), step="confirm", yes=_("Set it")
    )
    if sure:
        await Finish("chosen", core.identity.choose_pin, pin=chosen)
        await Say(_("Your PIN is set. Tell it to nobody; we never ask for it."))


def a_pin(text: str) -> str:
    """Read four digits in any script; raises Unclear, for those too that are guessed first.

    The core refuses them as well, but only after a code went by SMS.
    """
    said = ascii_digits(text).replace(" ", "")
    if not re.fullmatch(rf"[0-9]{{{PIN_DIGITS}}}", said):
        raise Unclear(_("A PIN has {digits} digits.").using(digits=PIN_DIGITS))
    if is_guessed_first(said):
        raise Unclear(wording.refusal(WeakPin()))
    return said
