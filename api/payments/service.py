"""The verbs of payments, each kept in the file of its purpose."""

from api.payments.attempts import (
    Begun,
    ToVerify,
    asked,
    begin,
    claim_due,
    has_due,
    is_awaited,
    look_again,
    returned,
    settle,
)
from api.payments.ending import end_as_paid, end_as_unpaid, unanswered
from api.payments.links import make_link, sweep
from api.payments.pages import Item, PayPage, page_of, page_of_return
from api.payments.queries import being_checked, under_way
from api.payments.receipts import (
    Kept,
    ask_refund,
    credits_of,
    one_paper,
    papers,
    receipts,
    refunded,
    refunds,
)

__all__ = [
    "Begun",
    "Item",
    "Kept",
    "PayPage",
    "ToVerify",
    "ask_refund",
    "asked",
    "begin",
    "being_checked",
    "claim_due",
    "credits_of",
    "end_as_paid",
    "end_as_unpaid",
    "has_due",
    "is_awaited",
    "look_again",
    "make_link",
    "one_paper",
    "page_of",
    "page_of_return",
    "papers",
    "receipts",
    "refunded",
    "refunds",
    "returned",
    "settle",
    "sweep",
    "unanswered",
    "under_way",
]
