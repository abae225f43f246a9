"""The world put together: `create_app` gives an aiohttp application with everything behind it."""

from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from sandbox import desk
from sandbox.bank.page import Page as BankPage
from sandbox.bank.server import Server as Bank
from sandbox.bank.vault import GOES_BACK_S, Vault
from sandbox.changes import Changes
from sandbox.desk.world import World
from sandbox.faults import Faults
from sandbox.mail import Door, Mailbox
from sandbox.messenger.bots import Bot, Bots
from sandbox.messenger.chats import Chats
from sandbox.messenger.files import SENT_BY_BOTS, Files
from sandbox.messenger.methods import Methods
from sandbox.messenger.phones import Phones
from sandbox.messenger.server import Server as Messenger
from sandbox.messenger.updates import Updates
from sandbox.people import People
from sandbox.phone_company.network import Addresses, Network
from sandbox.phone_company.server import Server as PhoneCompany
from sandbox.store import Store
from sandbox.witness import Witness

WORLD: web.AppKey[World] = web.AppKey("world", World)


@dataclass(frozen=True)
class Options:
    """How a sandbox is set up. Without `var` it remembers nothing over a restart."""

    bots: list[Bot] = field(default_factory=list)
    people: People = field(default_factory=lambda: People([]))
    var: Path | None = None
    log: Path | None = None
    host: str = "127.0.0.1"
    smtp_port: int = 0  # 0 picks a free one
    sms_key: str | None = None  # None takes any
    addresses: Addresses = field(default_factory=Addresses)
    merchant: str | None = None  # of the bank; None takes any
    web_url: str = ""  # where the web talk is; empty where there is none
    money_goes_back_s: float = GOES_BACK_S
    # Every private chat exists, even with nobody of the country: for crowds.
    all_chats_open: bool = False


def create_app(options: Options) -> web.Application:
    """Build the sandbox. Its SMTP door opens and its couriers start with the application."""
    if options.var:
        options.var.mkdir(parents=True, exist_ok=True)
    store = Store(options.var / "sandbox.sqlite" if options.var else None)
    changes, faults = Changes(), Faults()
    witness = Witness(store, changes, file=options.log)
    bots, files = Bots(options.bots, store), Files(store)
    chats = Chats(store, bots, options.people, changes, all_open=options.all_chats_open)
    updates = Updates(store, bots, faults, witness)
    methods = Methods(store, bots, chats, files, updates)
    network = Network(store, faults, witness, changes, options.addresses)
    mailbox = Mailbox(store, changes)
    smtp = Door(mailbox, faults, witness)
    vault = Vault(store, witness, changes, goes_back_s=options.money_goes_back_s)
    bank_page = BankPage(vault, witness)
    world = World(
        people=options.people,
        bots=bots,
        chats=chats,
        methods=methods,
        files=files,
        updates=updates,
        phones=Phones(store, chats, files, updates, changes),
        network=network,
        mailbox=mailbox,
        smtp=smtp,
        vault=vault,
        bank_page=bank_page,
        faults=faults,
        witness=witness,
        changes=changes,
        store=store,
        web_url=options.web_url,
    )

    async def open_doors(_: web.Application) -> None:
        await smtp.open(options.host, options.smtp_port)
        await updates.start()
        await network.start()
        await bank_page.start()

    async def let_waiters_go(_: web.Application) -> None:
        changes.close()
        await updates.stop()

    async def close_doors(_: web.Application) -> None:
        await network.stop()
        await bank_page.stop()
        await smtp.close()
        witness.close()
        store.close()

    # The messenger takes files of 50 MB; a form has a little around them.
    app = web.Application(client_max_size=SENT_BY_BOTS + 2**20)
    app[WORLD] = world
    app.add_routes(
        Messenger(
            bots=bots,
            methods=methods,
            updates=updates,
            files=files,
            faults_=faults,
            witness=witness,
        ).routes()
    )
    app.add_routes(PhoneCompany(network, faults, witness, key=options.sms_key).routes())
    app.add_routes(Bank(vault, faults, witness, merchant=options.merchant).routes())
    app.add_routes(bank_page.routes())
    desk.add_to(app, world)
    app.on_startup.append(open_doors)
    app.on_shutdown.append(let_waiters_go)
    app.on_cleanup.append(close_doors)
    return app
