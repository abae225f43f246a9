"""The command line: what can be typed, and what is printed. Each command imports what it needs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="python -m api",
    help="The core of the hub: serve it, load its registry, look after its store and keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: the library of colours takes longer to import than all the rest of it.
    rich_markup_mode=None,
)
keys = typer.Typer(help="The keys that seal personal data.", no_args_is_help=True)
app.add_typer(keys, name="keys")
machines = typer.Typer(help="Programs with a key of their own.", no_args_is_help=True)
app.add_typer(machines, name="machines")
chats = typer.Typer(help="Whose chats speak or act for somebody.", no_args_is_help=True)
app.add_typer(chats, name="chats")
requests = typer.Typer(help="What people asked for.", no_args_is_help=True)
app.add_typer(requests, name="request")
payments = typer.Typer(help="Money that came in.", no_args_is_help=True)
app.add_typer(payments, name="payments")
notices = typer.Typer(help="What people are told.", no_args_is_help=True)
app.add_typer(notices, name="notices")
people = typer.Typer(help="What is held about a person.", no_args_is_help=True)
app.add_typer(people, name="people")
audit = typer.Typer(help="Who did what: the trail and its chain.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema and load the rule tables; safe to run again."""
    from api.commands import opening, troubles
    from api.commands import release as newest

    with opening.unmigrated(troubles.settings()) as store:
        done = newest.migrate(store)
    typer.echo(f"migrated; rule tables: loaded {done.loaded}, unchanged {done.unchanged}")


@app.command()
def rules(
    folder: Annotated[Path, typer.Argument(help="A folder of rule files (*.toml).")],
) -> None:
    """Load an operator's own rule tables, over those of the repository."""
    from api.commands import opening, troubles
    from api.commands import release as loading

    with opening.ready(troubles.settings(), held=True) as store:
        done = loading.rules(store, folder)
    typer.echo(f"rule tables: loaded {done.loaded}, unchanged {done.unchanged}")


@app.command()
def load(
    kind: Annotated[
        str,
        typer.Argument(
            help="people, dependants, employers, branches, workshops, contacts, holidays, "
            "availability, debts, records"
        ),
    ],
    file: Annotated[Path | None, typer.Argument(help="A CSV file in UTF-8.")] = None,
    *,
    header: Annotated[bool, typer.Option("--header", help="Print the columns and stop.")] = False,
) -> None:
    """Load a file of the registry; safe to run again.

    Rows that cannot be taken go to FILE.refused.csv with line, column and reason; the exit code is
    then 1, and 2 when the file could not be loaded at all.
    """
    from api.commands import load as loading
    from api.commands import opening, troubles

    if header:
        typer.echo(loading.columns(kind))
        return
    if file is None:
        raise troubles.CannotDo("Name the file to load, or ask for its columns with --header.")
    loading.columns(kind)
    with opening.ready(troubles.settings(), held=True) as store:
        done = loading.load(store, kind, file, now=lambda: datetime.now(UTC))
    typer.echo(str(done))
    if done.refused:
        raise typer.Exit(1)


@app.command()
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Look everything over, a line each: ok, warn or fail, and what to do; exit code 1 at a fail."""
    from api.commands import doctor as looking
    from api.commands import troubles
    from api.kit import checkup

    found = list(looking.findings(troubles.settings()))
    checkup.tell(found, as_json=as_json)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup will be.")],
) -> None:
    """Back the store up while all goes on; keys are never in a backup."""
    from api.commands import holding, troubles

    typer.echo(holding.backup(troubles.settings(), folder, now=datetime.now(UTC)))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="Where the backup is.")],
    *,
    held: Annotated[
        bool, typer.Option("--held", help="Say that it shall wait until it is released.")
    ] = False,
) -> None:
    """Bring a backup into an empty store; it sends and settles nothing until it is released."""
    from api.commands import holding, troubles

    if not held:
        raise troubles.CannotDo("A restored store waits until it is released: type --held as well.")
    typer.echo(holding.restore(troubles.settings(), folder, now=datetime.now(UTC)))


@app.command()
def release(
    lost_at: Annotated[
        str | None,
        typer.Option(help="When the lost store stopped: 2026-11-23T08:00, Tehran's time."),
    ] = None,
) -> None:
    """Let a restored store work again; what the lost one may have sent or settled is asked first."""
    from api.commands import holding, opening, troubles

    given = None if lost_at is None else holding.instant(lost_at)
    with opening.ready(troubles.settings(), held=True) as store:
        for line in holding.release(store, given, now=datetime.now(UTC)):
            typer.echo(line)


@keys.command("new")
def new_keys(path: Annotated[Path, typer.Argument(help="Where the key file will be.")]) -> None:
    """Make a key file; one that is there is never overwritten."""
    from api.commands import rotation

    rotation.new(path)
    typer.echo(f"made {path}: keep a copy apart from the database, nothing opens without it")


@keys.command("rotate")
def rotate_keys() -> None:
    """Add a sealing key and seal everything with it; old keys stay. Goes on after a stop."""
    from api.commands import opening, rotation, troubles

    settings = troubles.settings()
    with opening.ready(settings, held=True) as store:
        done = rotation.rotate(store, settings.keys)
    typer.echo(
        f"finished an earlier rotation: {done.resealed} values sealed again; run it once more for a new key"
        if done.resumed
        else f"new key in use: {done.resealed} values sealed again"
    )


@machines.command("add")
def add_machine(
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, such as debts.")],
) -> None:
    """Make a key for a program; it is printed once and never again."""
    from api.commands import machines as programs
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        made = programs.add(store, name, scope, now=datetime.now(UTC))
    typer.echo(made)


@machines.command("end")
def end_machine(name: Annotated[str, typer.Argument(help="What the program is called.")]) -> None:
    """Let a program's key open nothing any more."""
    from api.commands import machines as programs
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        programs.end(store, name, now=datetime.now(UTC))
    typer.echo(f"the key of {name} is ended")


@chats.command("end")
def end_chats(
    *,
    national_code: Annotated[
        str, typer.Option(prompt=True, help="Whose; asked for, so that no history keeps it.")
    ],
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Unlink every chat of theirs as well.")
    ] = False,
) -> None:
    """Let no chat of another act for a person who came to a branch; both sides are told."""
    from api.commands import chats as acting
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        typer.echo(acting.end(store, national_code, everywhere=everywhere, now=datetime.now(UTC)))


@requests.command("advance")
def advance_request(
    number: Annotated[str, typer.Argument(help="The ten digits of the request.")],
    stage: Annotated[str, typer.Argument(help="Where it has come to, such as printed.")],
    *,
    tracking: Annotated[str | None, typer.Option(help="The post's tracking number.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in words the person reads.")] = None,
) -> None:
    """Move a request on, and tell the one who asked."""
    from api.commands import opening, troubles
    from api.commands import requests as moving

    with opening.ready(troubles.settings()) as store:
        moved = moving.advance(
            store, number, stage, tracking=tracking, reason=reason, now=lambda: datetime.now(UTC)
        )
    typer.echo(f"request {moved} is {stage}")


@requests.command("papers")
def papers_of_request(
    number: Annotated[str, typer.Argument(help="The ten digits of the request.")],
    folder: Annotated[Path, typer.Option("--into", help="Where they are written.")],
) -> None:
    """Write what was sent for a request into a folder; who looked is written down."""
    from api.commands import opening, troubles
    from api.commands import requests as looking

    with opening.ready(troubles.settings()) as store:
        written = looking.papers(store, number, folder, now=lambda: datetime.now(UTC))
    for path in written:
        typer.echo(path)
    if not written:
        typer.echo("nothing was sent for it")


@requests.command("satisfaction")
def show_satisfaction() -> None:
    """Say how satisfied people were with what they were delivered."""
    from api.commands import opening, troubles
    from api.commands import requests as judged

    with opening.ready(troubles.settings()) as store:
        for line in judged.satisfaction(store):
            typer.echo(line)


@payments.command("refunds")
def list_refunds() -> None:
    """List what people asked to be given back, oldest first."""
    from api.commands import opening, refunds, troubles

    with opening.ready(troubles.settings()) as store:
        for line in refunds.asked(store):
            typer.echo(line)


@payments.command("refunded")
def note_refund(
    credit: Annotated[str, typer.Argument(help="The credit's id, as `refunds` lists it.")],
) -> None:
    """Note that a credit was given back to its payer."""
    from api.commands import opening, refunds, troubles

    with opening.ready(troubles.settings()) as store:
        refunds.done(store, credit, now=datetime.now(UTC))
    typer.echo(f"the credit {credit} is given back")


@payments.command("unanswered")
def list_unanswered() -> None:
    """List payments of which the gateway has not said for a day what became of them, oldest first."""
    from api.commands import attempts, opening, troubles

    with opening.ready(troubles.settings()) as store:
        for line in attempts.unanswered(store, now=datetime.now(UTC)):
            typer.echo(line)


@payments.command("paid")
def end_as_paid(
    payment: Annotated[str, typer.Argument(help="The payment's id, as `unanswered` lists it.")],
    reference: Annotated[str, typer.Option(help="The bank's own number of the payment.")],
) -> None:
    """Take an unanswered payment for paid, as the bank says: its bills are settled."""
    from api.commands import attempts, opening, troubles

    with opening.ready(troubles.settings()) as store:
        attempts.paid(store, payment, reference, now=datetime.now(UTC))
    typer.echo(f"the payment {payment} is paid")


@payments.command("unpaid")
def end_as_unpaid(
    payment: Annotated[str, typer.Argument(help="The payment's id, as `unanswered` lists it.")],
) -> None:
    """Take an unanswered payment for not paid, as the bank says: its bills may be paid again."""
    from api.commands import attempts, opening, troubles

    with opening.ready(troubles.settings()) as store:
        attempts.unpaid(store, payment, now=datetime.now(UTC))
    typer.echo(f"the payment {payment} is not paid")


@notices.command("failed")
def list_failed(
    *,
    reason: Annotated[
        str | None, typer.Option(help="List the notices of one reason that can be sent again.")
    ] = None,
) -> None:
    """List which notices failed, on which channel and why."""
    from api.commands import notices as failing
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        for line in failing.failed(store) if reason is None else failing.failed_for(store, reason):
            typer.echo(line)


@notices.command("again")
def send_again(
    wanted: Annotated[
        str, typer.Argument(help="A notice's id, or a reason, as `failed` lists them.")
    ],
) -> None:
    """Send what failed again, at most a thousand at a time; never what may have arrived."""
    from api.commands import notices as failing
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        typer.echo(failing.again(store, wanted, now=datetime.now(UTC)))


@people.command("export")
def export_person(
    into: Annotated[Path, typer.Option(help="The file, which must not be there yet.")],
    *,
    national_code: Annotated[
        str, typer.Option(prompt=True, help="Whose; asked for, so that no history keeps it.")
    ],
) -> None:
    """Write what is held about a person into a file, for them; who looked is written down."""
    from api.commands import opening, troubles
    from api.commands import people as known

    with opening.ready(troubles.settings()) as store:
        typer.echo(known.export(store, national_code, into, now=datetime.now(UTC)))


@people.command("erase")
def erase_person(
    *,
    national_code: Annotated[
        str, typer.Option(prompt=True, help="Whose; asked for, so that no history keeps it.")
    ],
) -> None:
    """Erase what of a person may be erased, and say what stays, why and until when."""
    from api.commands import opening, troubles
    from api.commands import people as known

    with opening.ready(troubles.settings()) as store:
        for line in known.erase(store, national_code, now=datetime.now(UTC)):
            typer.echo(line)


@audit.command("verify")
def verify_trail(
    *,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="A file of anchors; may be given again. Else that of API_ANCHORS."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write what is checked into this file as well.")
    ] = None,
) -> None:
    """Check that no entry of the trail was changed, taken out or put in; exit code 1 when one was."""
    from api.audit.verify import sentences
    from api.commands import audit as trail
    from api.commands import opening, troubles

    settings = troubles.settings()
    with opening.ready(settings) as store:
        report = trail.verify(store, trail.files(settings, anchors), export)
    for line in sentences(report):
        typer.echo(line)
    if not report.is_whole:
        raise typer.Exit(1)


@audit.command("anchor")
def show_anchor() -> None:
    """Print today's anchor, to be mailed, signed or put on paper."""
    from api.commands import audit as trail
    from api.commands import opening, troubles

    with opening.ready(troubles.settings()) as store:
        for line in trail.anchor(store, now=datetime.now(UTC)):
            typer.echo(line)
