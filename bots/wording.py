"""The engine's own sentences, and the sentence of each refusal: codes and words side by side."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from api.errors import Invalid, NotAllowed, NotFound, Refusal, TooMany
from api.files.rules import MOST_PAGES, SHORTEST_SIDE
from api.identity.schemas import CodeSent
from api.kit.calendar import Month
from api.kit.identifiers import BadIdentifier, Reason
from api.kit.language import Sentence, _, _n
from api.kit.text import Code, Public
from api.organisation.schemas import BranchOut

# Labels: the same act has the same word everywhere.
MENU = _("Menu")
BACK = _("Back")
CANCEL = _("Cancel")
MORE = _("More")
SEND = _("Send")
CHANGE = _("Change a line")
LANGUAGE = _("Language")
HELP_LABEL = _("Help")
PERSON = _("A person")
GO_ON = _("Go on")
GO_ON_SHORT = _("Go on with: {talk}")

# What a messenger says of each bot before it is started.
DESCRIPTIONS: Mapping[str, Sentence] = MappingProxyType({
    "people": _("Your insurance record, bills and health booklet, at the Social Security Organization."),
    "employers": _("Debts and notices of your workplaces, at the Social Security Organization."),
    "inspectors": _("For inspectors of the Social Security Organization."),
})  # fmt: skip

# What the engine asks.
WHAT_NOW = _("What would you like to do?")
WHICH_LANGUAGE = _("Choose your language:")
WHICH_LINE = _("Which line would you like to change?")
MEANT = _("Do you mean “{talk}”?")
YES = _("Yes")
NO = _("No")
GO_ON_WITH = _("Go on with “{talk}”?")
WHAT_NEXT = _("What would you like to do next?").by_sms(None)
THAT_IS_ALL = _("That is all").by_sms(_("Done"))

# What only SMS says.
ALL_SERVICES = _("All services").by_sms(_("More"))
LINK_THIS_NUMBER = _("Link this number")
WRITE_ZERO = _("We did not understand that. Send 0 for the menu.")
ENOUGH_TODAY = _(
    "We answer a number ten times a day, and this was it. From tomorrow on we answer again; "
    "a person answers on 1420."
)
WRITE_THE_CODE = _("Please write the code here: it sends what you asked for.").by_sms(
    _("Please write the code here.")
)
CODE_PLEASE = _("Please write the digits of the code, and nothing else.")

# What it says.
WELCOME = _("Welcome. This is the Social Security assistant.")
HELP = _(
    "Tap a button, or write the number of a line. These words always work:\n"
    "menu – what can be done here\n"
    "back – one step back\n"
    "cancel – leave this talk\n"
    "language – change the language\n"
    "a person – how to reach your branch\n"
    "elsewhere – a code to go on with this talk in another chat\n"
    "STOP – no more messages from us; START – messages again"
).by_sms(
    _(
        "These words always work: menu, back, cancel, language, a person, elsewhere, STOP, START.\n"
        "no access – nobody else sees your record or acts for you"
    )
)
CARRY_CODE = _(
    "Write this code in your other chat within {minutes} minutes, and “{talk}” goes on there: {code}\n"
    "It works once. Give it to nobody."
)
NOTHING_TO_CARRY = _(
    "There is nothing here that could go on elsewhere. A talk can, as long as nothing of it was sent."
)
NO_SUCH_CODE = _(
    "This code opens nothing here. It holds for fifteen minutes, once, between your own chats."
)
LINK_TO_CARRY = _("First link this chat to you; then write the code once more.")
CARRIED_HERE = _("“{talk}” goes on here.")
CARRIED_AWAY = _("“{talk}” now goes on in another chat of yours.")
OVER = _("This button belongs to an earlier talk.")
CANCELLED = _("Cancelled. Nothing was changed.")
NOT_SENT = _("Nothing was changed.")
NOT_UNDERSTOOD = _("We did not understand that. Please choose one of these:").by_sms(
    _("We did not understand that. Please send a number:")
)
UNKNOWN_COMMAND = _("We do not know this command.")
TOO_LONG = _("That is too long: at most {longest} letters, please.")
PRIVATE_ONLY = _(
    "For your privacy we speak only in private chats. Please write to this bot directly."
)
CORE_IS_AWAY = _(
    "We cannot reach the information right now. Your answers are kept; as soon as it is back, "
    "we will go on by ourselves."
)
CORE_STILL_AWAY = _("The information is still out of reach. Your answers are kept; we will write.")
CORE_IS_BACK = _("We are back. Let us go on:")
LINK_FIRST = _("For this we first link this chat to you.").by_sms(_("First we link this number."))
GONE_TALK = _("an earlier talk")
GONE = _("This service has changed since then. Please start it again from the menu.")
TROUBLE = _(
    "Something stopped on our side and we are looking at it. Your answers are kept. "
    "Write “menu” to do something else."
)
CONSENT: Mapping[bool, Sentence] = MappingProxyType({
    False: _("You will get no more messages from us, except what the law requires. START undoes this."),
    True: _("You will get our messages again."),
})  # fmt: skip
TRY_LATER = _("We cannot reach the information right now. Please try again in a little while.")
NO_ACCESS = _("From now on no chat of another sees your record or acts for you.")
BEING_CONFIRMED = _(
    "Your payment has arrived and is being confirmed. Nothing is lost; please do not pay again."
).by_sms(_("Your payment is being confirmed; please do not pay again."))
ANOTHERS_CONTACT = _(
    "This is somebody else's number. Please share your own with the button of this chat."
)

WANTS_LABEL: Mapping[str, Sentence] = MappingProxyType({
    "contact": _("Share my number"),
    "location": _("Share my place"),
    "file": _("Send a file"),
})  # fmt: skip
WANTS_HINT: Mapping[str, Sentence] = MappingProxyType({
    "contact": _("Send your own contact card."),
    "location": _("Send a pin on the map."),
    "file": _("Send the file or a photo of it."),
})  # fmt: skip
FILE_ELSEWHERE = _(
    "No picture comes by SMS: write “elsewhere” for a code, and send it in another chat or on our page."
)
NOT_TAKEN: Mapping[str, Sentence] = MappingProxyType({
    "text": _("Please write your answer as text."),
    "contact": _("Here we need your own contact card. Please use the button that shares your number."),
    "location": _("Here we need a pin on the map."),
    "file": _("Here we need a file or a photo."),
})  # fmt: skip


def a_person(branch: BranchOut | None) -> Sentence:
    """How to reach a person: the branch, where it is known."""
    if branch is None:
        return _("A person answers by telephone on 1420, and at every branch in office hours.")
    return _(
        "Your branch: {name:digits}\n{address:digits}\nTelephone: {phone:digits}\nOpen: {hours:digits}"
    ).using(
        name=Public(branch.name),
        address=Public(branch.address),
        phone=Public(branch.phone),
        hours=Public(branch.hours),
    )


def code_sent(sent: CodeSent) -> Sentence:
    """To which number a code is on its way."""
    return (
        _("A code of {digits} digits is on its way by SMS to {phone}.")
        .by_sms(_("We sent a code to {phone}."))
        .using(digits=sent.digits, phone=Code(sent.to))
    )


def too_many_codes(wait_seconds: float) -> Sentence:
    """Codes were guessed at here: none is tried for a while."""
    return _wait(_("For your safety this is closed for a while. {later}"))(
        {"wait_seconds": int(wait_seconds) + 1}
    )


def is_off(reason: str) -> Sentence:
    """A service is not offered now, with the reason its owner gave."""
    if not reason:
        return _("This service is closed for now. It will be back in the menu.")
    return _("This service is closed for now: {reason}").using(reason=Public(reason))


def bad_identifier(bad: BadIdentifier) -> Sentence:
    """What is wrong with a number that was typed, without repeating it."""
    return _IDENTIFIERS.get((bad.kind, bad.reason)) or _REASONS.get(bad.reason, _PLEASE_CHECK)


_PLEASE_CHECK = _("This does not look right. Please check it and write it again.")
_REASONS: Mapping[Reason, Sentence] = MappingProxyType({
    Reason.EMPTY: _("Please write the number."),
    Reason.NOT_DIGITS: _("Digits only, please."),
    Reason.LENGTH: _("The number of digits is not right. Please check and write it again."),
    Reason.CHECK_DIGIT: _("One of the digits is not right. Please check and write it again."),
    Reason.ALL_SAME_DIGIT: _("One of the digits is not right. Please check and write it again."),
})  # fmt: skip
_IDENTIFIERS: Mapping[tuple[str, Reason], Sentence] = MappingProxyType({
    ("national_code", Reason.LENGTH): _("A national code has ten digits. Please write it again."),
    ("mobile", Reason.LANDLINE): _("This is a landline. Please write a mobile number."),
})  # fmt: skip


def refusal(no: Refusal) -> Sentence:
    """The sentence of a refusal: the rule, the fact and the way on.

    A code of a newer core is said in the words of its family.
    """
    words = REFUSALS.get(no.code)
    if words is None:
        families = (TooMany, NotFound, NotAllowed, Invalid)
        family = next((one for one in families if isinstance(no, one)), Refusal)
        words = REFUSALS[family.code]
    return words(no.params) if callable(words) else words.using(**no.params)


def _later(params: Mapping[str, Any]) -> Sentence:
    """When it is worth trying again, in whole minutes."""
    minutes = max(1, -(-int(params.get("wait_seconds") or 60) // 60))
    return _n("Please try again in a minute.", "Please try again in {n} minutes.", minutes)


def _wait(words: Sentence) -> Callable[[Mapping[str, Any]], Sentence]:
    return lambda params: words.using(later=_later(params))


def _tries_left(words: Sentence, last: Sentence) -> Callable[[Mapping[str, Any]], Sentence]:
    def said(params: Mapping[str, Any]) -> Sentence:
        left = int(params.get("left") or 0)
        if not left:
            return last
        tries = _n("You can try once more.", "You can try {n} more times.", left)
        return words.using(left=tries)

    return said


def _not_entitled(params: Mapping[str, Any]) -> Sentence:
    """The rule, the month that is missed, and the way on."""
    if not params.get("month"):
        return _("For a booklet, cover has to be in force. Your branch can help: write “a person”.")
    return _(
        "For a booklet, cover has to be in force. The contribution of {month} is not on record yet. "
        "If it should be, your branch can help: write “a person”."
    ).using(month=Month.parse(params["month"]))


def _too_large(params: Mapping[str, Any]) -> Sentence:
    """Whether a file or a text was too long, and what is taken."""
    if not params.get("bytes"):
        return _("That was too long. Please write it shorter.")
    return _("This file is too large: at most {megabytes} megabytes, please.").using(
        megabytes=int(params["bytes"]) // 2**20
    )


def _request_open(params: Mapping[str, Any]) -> Sentence:
    """Which request it is, where it is the reader's own."""
    if not params.get("number"):
        return _(
            "Somebody else of the family has asked for this booklet already; it is on its way."
        )
    return _("This booklet was asked for already: request {number:digits}.").using(
        number=Public(params["number"])
    )


# Every code the core can refuse a bot with; tests/bots/test_wording.py finds the missing ones.
REFUSALS: Mapping[str, Sentence | Callable[[Mapping[str, Any]], Sentence]] = MappingProxyType({
    # The families, for codes that have no sentence of their own.
    "refused": _("This cannot be done as it was asked. Please go one step back, or write “a person”."),
    "invalid": _("Something in the answers does not fit. Please change a line and send it again."),
    "not_allowed": _("This is not open to you here. Your branch can help: write “a person”."),
    "not_known": _("This chat is not linked to anybody yet. Write “start” to link it."),
    "not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "conflict": _("This has changed in the meantime. Please look at it again from the menu."),
    "too_many": _wait(_("That was too often for now. {later}")),
    # access
    "not_linked": _("This chat is not linked to anybody yet. Write “start” to link it."),
    "grant_ended": _("You no longer act for this workplace, so this talk has ended."),
    "scope_missing": _("This is not open to you here. Your branch can help: write “a person”."),
    "idempotency_key_missing": _(
        "This cannot be done as it was asked. Please go one step back, or write “a person”."
    ),
    "other_body_same_key": _("This has changed in the meantime. Please look at it again from the menu."),
    "linked_elsewhere": _(
        "This number is answered because you linked a chat on a messenger. Only that chat can end it."
    ),
    "already_here": _("This chat shows this person already."),
    "too_many_persons": _("This chat shows as many other people as a chat may. First one of them has to leave it."),
    "not_here": _("Nobody else can be added here. In a chat on a messenger it is possible."),
    "body_too_large": _too_large,
    # files
    "file_empty": _("There is nothing in this file. Please send it once more."),
    "file_not_taken": _("We can read PDF, JPEG and PNG here. Please send it as one of these, or as a photo."),
    "file_damaged": _("This file did not arrive whole. Please send it once more."),
    "file_locked": _("This file opens with a password alone. Please send one without a password, or a photo."),
    "picture_too_small": _(
        "This picture is too small to read: its shorter side needs {least} pixels. "
        "Please send it as a file, or take it from nearer."
    ).using(least=SHORTEST_SIDE),
    "picture_too_large": _("This picture cannot be opened here. Please take a photo of the paper and send that."),
    "too_many_pages": _("This file has more than {most} pages. Please send those that count alone.").using(
        most=MOST_PAGES
    ),
    "file_not_found": _("We do not have this file any more. Please send it once more."),
    # identity
    "wrong_fact": _tries_left(
        _("That is not what we have on file. {left}"),
        _("That is not what we have on file."),
    ),
    "no_choice": _(
        "We cannot ask about your workplace now. The year and month will do, or a branch can help."
    ),
    "wrong_code": _tries_left(
        _("The code was not right. {left}"),
        _("The code was not right."),
    ),
    "code_expired": _("This code's time is over. Please ask for a new one."),
    "claim_over": _("Too much time has passed since we began. Please start again from the menu."),
    "locked": _wait(_("For your safety this is closed for a while. {later}")),
    "branch_only": _("We cannot link this chat from here. Please go to a branch with your identity card."),
    "cool_down": _wait(_("A code is on its way. {later}")),
    "too_many_codes": _("No more codes can be sent to this number today. Please try again tomorrow."),
    "weak_pin": _("These digits are guessed first. Please choose four others."),
    "no_pin": _("You have no PIN yet. You can choose one: write “PIN”."),
    "wrong_pin": _tries_left(
        _("The PIN was not right. {left}"),
        _("The PIN was not right."),
    ),
    "pin_locked": _("Too many wrong PINs: until tomorrow no amounts and names are shown here."),
    "too_many_claims": _wait(_("That was too often for now. {later}")),
    # organisation
    "no_rule": _("We cannot work this out for that day yet. Your branch can help: write “a person”."),
    "no_branch": _("We do not know the branch of this workplace yet. A person answers on 1420."),
    # debts
    "debt_not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "debts_overtaken": _("This has changed in the meantime. Please look at it again from the menu."),
    # bills and payments
    "bill_not_found": _(
        "We found no such bill of yours. If you think it should be there, write “a person”."
    ),
    "already_paid": _("This is paid already; nothing more is to be paid. The receipt is in the menu."),
    "bill_being_checked": BEING_CONFIRMED,
    "bill_closed": _("This bill is closed: nothing is to be paid for it any more."),
    "paying_unavailable": _(
        "It cannot be paid here right now. With the bill id and the payment id any bank takes it."
    ),
    "payment_not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "credit_not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "credit_refunded": _("This was paid back to you already."),
    "refund_not_asked": _("This has changed in the meantime. Please look at it again from the menu."),
    "payment_answered": _("This has changed in the meantime. Please look at it again from the menu."),
    "reference_taken": _("This has changed in the meantime. Please look at it again from the menu."),
    # contracts
    "contract_not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "contract_closed": _(
        "This contract is no longer in force, so there is nothing to remind of. Your branch can help: write “a person”."
    ),
    "contracts_overtaken": _("This has changed in the meantime. Please look at it again from the menu."),
    # requests and booklets
    "request_not_found": _(
        "We found nothing with these details. If you think it should be there, write “a person”."
    ),
    "not_delivered": _("How it went can be said when it has been delivered."),
    "not_entitled": _not_entitled,
    "request_open": _request_open,
    "unknown_member": _(
        "This person is not among your registered dependants. Your branch can register them: write “a person”."
    ),
    "unknown_branch": _("This branch hands out no booklets now. Please choose another one."),
    "no_registered_address": _("No address of yours is registered. Please choose another way."),
    "offer_not_found": _("This has changed in the meantime. Please look at it again from the menu."),
    "offer_expired": _("The hour for which this held is over. Please look at it once more."),
    "stage_not_reached": _("This has changed in the meantime. Please look at it again from the menu."),
    # notices
    "not_a_check_code": _("A check code has eight letters and digits, such as {example}.").using(
        example=Code("K7Q2-M4XD")
    ),
    "too_many_checks": _wait(_("You have asked about many codes. {later}")),
})  # fmt: skip
