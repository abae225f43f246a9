"""What accounts there are, and what a transfer between two of them is.

    payer           what a contract (or a person) owes; `of` is its id
    contributions   what was assessed as contributions
    fees            what was assessed as fees
    bank            what the gateway keeps for us
    unapplied       a person's money that settled nothing; `of` is the person
    refunds         what was given back

An account's balance is its debits less its credits: `payer` owes when it is above zero, `unapplied`
is owed by us when it is below.
"""

import uuid
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    PAYER = "payer"
    CONTRIBUTIONS = "contributions"
    FEES = "fees"
    BANK = "bank"
    UNAPPLIED = "unapplied"
    REFUNDS = "refunds"


class Account(NamedTuple):
    """An account; `of` says whose, None where there is one for all."""

    kind: Kind
    of: uuid.UUID | None = None


class NewTransfer(NamedTuple):
    """An amount of whole rials, above zero, that moves from `credit` to `debit`.

    A tuple, because half a million are made in a night. `key` is unique for ever: what it names (`issue:<bill>`, `settle:<bill>`) happens once. `about`
    is the subject (`bill:<uuid>`), `on` Tehran's day of it.
    """

    key: str
    debit: Account
    credit: Account
    amount: int
    about: str
    on: date
