"""Everything the desk can reach."""

from dataclasses import dataclass

from sandbox.bank.page import Page as BankPage
from sandbox.bank.vault import Vault
from sandbox.changes import Changes
from sandbox.faults import Faults
from sandbox.mail import Door, Mailbox
from sandbox.messenger.bots import Bots
from sandbox.messenger.chats import Chats
from sandbox.messenger.files import Files
from sandbox.messenger.methods import Methods
from sandbox.messenger.phones import Phones
from sandbox.messenger.updates import Updates
from sandbox.people import People
from sandbox.phone_company.network import Network
from sandbox.store import Store
from sandbox.witness import Witness


@dataclass(frozen=True)
class World:
    """The parts of the outside world, put together by `sandbox.app`."""

    people: People
    bots: Bots
    chats: Chats
    methods: Methods
    files: Files
    updates: Updates
    phones: Phones
    network: Network
    mailbox: Mailbox
    smtp: Door
    vault: Vault
    bank_page: BankPage
    faults: Faults
    witness: Witness
    changes: Changes
    store: Store
    web_url: str
    """Where the organisation's web talk is; empty where there is none."""
