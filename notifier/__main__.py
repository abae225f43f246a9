"""`python -m notifier`: what cannot be done is one sentence on standard error and exit 2.

Each command reads its settings before it imports what it works with: a wrong one is told at once.
"""

import sys
from typing import Annotated

import typer

from api.kit import unasked

app = typer.Typer(
    name="python -m notifier",
    help="Delivers notices, takes delivery reports, and keeps the timetable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: the library of colours takes longer to import than all the rest of it.
    rich_markup_mode=None,
)


@app.command()
def serve() -> None:
    """Deliver notices and take reports until told to stop."""
    from notifier import settings

    given = settings.read(), settings.read_core()
    from notifier import serving

    serving.serve(*given)


@app.command()
def clock() -> None:
    """Run the timetable until told to stop."""
    from notifier import settings

    given = settings.read(), settings.read_core()
    from notifier import serving

    serving.keep_time(*given)


@app.command()
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Look everything over, a line each: ok, warn or fail, and what to do; exit code 1 at a fail."""
    import asyncio

    from api.kit import checkup, logs
    from notifier import settings

    given, core = settings.read(), settings.read_core()
    logs.setup("ERROR")
    from notifier import doctor as looking
    from notifier import serving

    with serving.opened(core, size=1) as store:
        found = asyncio.run(looking.findings(given, store))
    checkup.tell(found, as_json=as_json)


@app.command()
def run(
    job: Annotated[
        str, typer.Argument(help="bills, bill-notices, debt-notices, …: any of the timetable")
    ],
    on: Annotated[str, typer.Option(help="The day: today, 2026-11-23 or 1405-09-02.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made; make nothing.")
    ] = False,
) -> None:
    """Run one job for a day, now; safe to run again."""
    from api.kit import logs
    from notifier import clock, running, serving, settings

    # One line is the answer; what the clock says of its steps is for the log of a clock.
    logs.setup("WARNING")
    line, day = running.job_of(job), running.day_of(on)
    clock.collect_rarely()
    with serving.opened(settings.read_core(), size=2) as store:
        if dry_run:
            for said in running.look(store, line, day):
                typer.echo(said)
        else:
            typer.echo(running.run(store, line, day))


def main() -> None:
    """Run the command line."""
    unasked.leave_out()
    try:
        app()
    except Exception as error:
        from notifier.settings import CannotStart

        if not isinstance(error, CannotStart):
            raise
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
