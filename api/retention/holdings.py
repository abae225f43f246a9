"""The one table of what both stores hold about people: in which columns, for how long, and why.

A table of either store stands here, with each column that names, reaches or describes a person, or
below under IMPERSONAL; a test fails for one that does not. Times are those by which the code forgets.
What the law or the organisation orders otherwise is changed there, and told here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from api.access import forgetting as chats
from api.access.service import FIRST_ANSWERS_LAST
from api.access.signin import SESSION_LASTS
from api.audit.forgetting import TRAIL_LASTS
from api.booklets.service import OFFERS_KEPT
from api.files.rules import KEPT_AFTER
from api.identity.rules import MEMORY
from api.identity.service import SWEPT_AFTER
from api.inbound.service import KEPT as SMS_KEPT
from api.notices.forgetting import TEXTS_LAST
from api.notices.sweeping import BUDGETS_LAST


@dataclass(frozen=True, slots=True)
class Kept:
    """How long a class is kept: `at_most` from `since` on; None without an end of its own."""

    since: str
    at_most: timedelta | None
    why: str
    erasable: bool = False
    """Whether it goes sooner, or at all, because its person wants it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a table holds of people, and the columns in which; `of` are those that lead to whose."""

    what: str
    columns: tuple[str, ...]
    kept: Kept
    of: tuple[str, ...] = ()


REGISTRY = Kept(
    "registered", None, "the organisation's registry, loaded from its own systems and mended there"
)
RECORD = Kept("added", None, "insured months are what a pension is counted from")
MONEY = Kept("booked", None, "what was owed, paid and given back is a legal record")
REQUESTS = Kept("asked", None, "what was asked for and decided is a legal record")
CHOICES = Kept("chosen", None, "so that what a person chose is heeded", erasable=True)
STOPPED = Kept("chosen", None, "so that STOP is heeded, whoever asks to be forgotten")
LINKS = Kept(
    "its end",
    chats.ENDED_LAST,
    "to reach the chat; after the end, to look into a takeover",
    erasable=True,
)
TEXTS = Kept(
    "its last instant",
    max(TEXTS_LAST.values()),
    "legal notices ten years, receipts two, others one, codes a week; the proof that it was sent "
    "stays without its text",
    erasable=True,
)
PROOF = Kept("sent", None, "that and how a notice was sent is a legal record, without its text")
FILES = Kept("the end of its request", KEPT_AFTER, "to decide the request, and to answer for it")
OFFERS = Kept("its hour", OFFERS_KEPT, "an offer that nobody took up", erasable=True)
PROVING = Kept("asked", SWEPT_AFTER, "so that nobody guesses a code, or has many sent")
GUESSES = Kept("counted", MEMORY, "so that nobody guesses on after a night")
ANSWERS = Kept("answered", FIRST_ANSWERS_LAST, "so that what is asked again is answered alike")
SIGN_INS = Kept("its last instant", SESSION_LASTS, "a session of the pages")
BUDGETS = Kept("begun", BUDGETS_LAST, "so that nobody finds a check code by trying")
SMS_IN = Kept("received", SMS_KEPT, "to know a repeat; the text goes when the bots have it")
TRAIL = Kept("written", TRAIL_LASTS, "who did what to whom; then emptied, and the chain holds")
TALKS = Kept("said", timedelta(days=365), "the chat of a talk and where it stands, sealed")
UPDATES = Kept("done", timedelta(hours=48), "to know a repeat; the text goes with its turn")
VISITS = Kept("seen", timedelta(hours=12), "a talk on the page, until half an hour of silence")
CARRIED = Kept("made", timedelta(minutes=15), "the code by which a talk goes on elsewhere")

HOLDINGS: Mapping[str, Holding] = MappingProxyType(
    {
        "people": Holding(
            "who somebody is and how they are reached",
            (
                "national_code", "national_code_index", "first_name", "last_name", "birth_date",
                "phone", "phone_index", "email", "address",
            ),
            REGISTRY,
            ("id",),
        ),
        "dependants": Holding(
            "whom somebody keeps", ("person_id", "dependant_id"), REGISTRY,
            ("person_id", "dependant_id"),
        ),
        "employers": Holding(
            "who employs", ("number", "number_index", "name"), REGISTRY, ("id",)
        ),
        "workshops": Holding(
            "a workplace, which may bear a name", ("name", "address"), REGISTRY, ("employer_id",)
        ),
        "contacts": Holding("who speaks for a workplace", ("person_id",), REGISTRY, ("person_id",)),
        "record_months": Holding(
            "insured months, with workplace and wage",
            ("person_id", "place_name", "wage"), RECORD, ("person_id",),
        ),
        "contracts": Holding(
            "who pays for themselves", ("person_id", "monthly_base"), MONEY, ("person_id",)
        ),
        "bills": Holding("what was owed", ("person_id", "payer_of"), MONEY, ("person_id",)),
        "transfers": Holding(
            "each rial moved", ("debit_of", "credit_of"), MONEY, ("debit_of", "credit_of")
        ),
        "pay_links": Holding(
            "pages to pay by",
            ("person_id", "made_by", "link_id", "token", "token_index"),
            MONEY,
            ("person_id", "made_by"),
        ),
        "pay_link_bills": Holding("the bills of such a page", ("link_id",), MONEY, ("link_id",)),
        "payment_attempts": Holding(
            "each try at paying", ("link_id", "card_masked", "secret_index"), MONEY, ("link_id",)
        ),
        "attempt_bills": Holding("what a try was for", ("attempt_id",), MONEY, ("attempt_id",)),
        "credits": Holding("money kept for somebody", ("person_id",), MONEY, ("person_id",)),
        "requests": Holding(
            "what was asked for", ("person_id", "subject_id"), REQUESTS, ("person_id", "subject_id")
        ),
        "request_stages": Holding("how it went", ("request_id",), REQUESTS, ("request_id",)),
        "booklets": Holding(
            "the booklet asked for; its address goes when the request ends",
            ("subject_id", "address"),
            REQUESTS,
            ("request_id", "subject_id"),
        ),
        "booklet_offers": Holding(
            "a booklet somebody thought of",
            ("person_id", "subject_id", "address"), OFFERS, ("person_id", "subject_id"),
        ),
        "files": Holding(
            "papers sent for a request; unused ones go after a day",
            ("person_id", "key"), FILES, ("person_id",),
        ),
        "file_pieces": Holding("their bytes", ("file_id", "sealed"), FILES),
        "preferences": Holding(
            "language, muted channels, STOP", ("person_id",), STOPPED, ("person_id",)
        ),
        "pins": Holding("a PIN, hashed", ("person_id", "salt", "hash"), CHOICES, ("person_id",)),
        "chat_links": Holding(
            "chats proved to be somebody's",
            ("chat", "chat_index", "person_id", "masked_name"), LINKS, ("person_id",),
        ),
        "grants": Holding(
            "what a chat may do for others",
            ("link_id", "person_id", "ward_id", "number_index"), LINKS, ("person_id", "ward_id"),
        ),
        "sign_ins": Holding(
            "who read papers on the pages",
            ("token_index", "link_id", "person_id", "secret_index"), SIGN_INS, ("person_id",),
        ),
        "first_answers": Holding("what a call was answered", ("index", "request", "body"), ANSWERS),
        "claims": Holding(
            "who said they are whom",
            ("chat_index", "person_id", "code_index", "link_id", "phone_index", "code_hash"),
            PROVING,
            ("person_id",),
        ),
        "confirmations": Holding(
            "a wish confirmed by a code",
            ("chat_index", "person_id", "code_hash"), PROVING, ("person_id",),
        ),
        "sent_codes": Holding("that a number was sent a code", ("phone_index",), PROVING),
        "claim_guards": Holding("what a chat got wrong", ("chat_index",), GUESSES),
        "workplace_choices": Holding(
            "workplaces shown to prove who one is", ("code_index", "shown"), GUESSES
        ),
        "notices": Holding(
            "what was told, in facts",
            ("person_id", "link_id", "facts", "secret"), TEXTS, ("person_id",),
        ),
        "deliveries": Holding("on which channel", ("notice_id",), PROOF, ("notice_id",)),
        "attempts": Holding("when it left", ("delivery_id", "link_id"), PROOF, ("delivery_id",)),
        "attempt_parts": Holding("in which parts", ("attempt_id",), PROOF, ("attempt_id",)),
        "reports": Holding(
            "what the network said of it; of no known delivery a year",
            ("delivery_id", "told"), TEXTS, ("delivery_id",),
        ),
        "check_budgets": Holding("how many codes a chat asked about", ("chat_index",), BUDGETS),
        "inbound_sms": Holding("an SMS somebody wrote", ("sender", "thread", "said"), SMS_IN),
        "audit_entries": Holding("who did what", ("actor", "subject", "detail"), TRAIL),
        "bots.inbox": Holding("what somebody wrote", ("chat", "raw"), UPDATES),
        "bots.replies": Holding("what was answered", ("chat", "text"), UPDATES),
        "bots.chats": Holding("a chat and its talk", ("key", "address", "state"), TALKS),
        "bots.visitors": Holding("who talks on the page", ("key", "chat", "address"), VISITS),
        "bots.said": Holding("what was said there", ("visitor", "text"), VISITS),
        "bots.brought": Holding("a file brought there", ("visitor", "sealed"), VISITS),
        "bots.carried": Holding("a code to go on by", ("chat", "code"), CARRIED),
    }
)  # fmt: skip

IMPERSONAL: Mapping[str, str] = MappingProxyType(
    {
        "api_keys": "programs",
        "audit_head": "a number and a hash",
        "availabilities": "where a service is offered",
        "branches": "offices",
        "debts": "of workplaces",
        "holds": "when a store was brought back, and released",
        "holidays": "days",
        "occurrences": "runs of jobs",
        "rates": "how fast a line may speak",
        "rule_tables": "rates and limits",
        "bots.holds": "when the memory was brought back, and released",
        "bots.pollers": "processes",
        "bots.rates": "how fast a bot may speak",
    }
)
