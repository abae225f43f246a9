"""The sandbox from the command line: `python -m sandbox` and `python -m sandbox country`."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from aiohttp import web

cli = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The outside world on a desk: messenger, phone company, mail, bank and phones to hold.",
)


@cli.callback(invoke_without_command=True)
def desk(  # noqa: PLR0917  typer reads the options from the arguments.
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option(envvar="SANDBOX_PORT", help="Door of everything HTTP; 0 picks one.")
    ] = 8010,
    smtp_port: Annotated[
        int, typer.Option(envvar="SANDBOX_SMTP_PORT", help="Door of the mail server; 0 picks one.")
    ] = 8025,
    host: Annotated[str, typer.Option(envvar="SANDBOX_HOST")] = "127.0.0.1",
    bot: Annotated[
        list[str] | None,
        typer.Option(help="A bot, as audience=token; may be repeated. Also SANDBOX_BOTS."),
    ] = None,
    var: Annotated[
        Path | None,
        typer.Option(envvar="SANDBOX_VAR", help="Folder for the phones' memory; none forgets."),
    ] = None,
    country: Annotated[
        Path | None,
        typer.Option(envvar="SANDBOX_COUNTRY", help="Folder with people.json; else that of --var."),
    ] = None,
    report_url: Annotated[
        str, typer.Option(envvar="SANDBOX_REPORT_URL", help="Where SMS delivery reports go.")
    ] = "",
    report_method: Annotated[str, typer.Option(help="GET or POST, of all pushes.")] = "GET",
    report_delay_ms: Annotated[
        int, typer.Option(help="From sending an SMS to its report, in milliseconds.")
    ] = 1_500,
    inbound_url: Annotated[
        str, typer.Option(envvar="SANDBOX_INBOUND_URL", help="Where people's SMS go.")
    ] = "",
    missed_url: Annotated[
        str, typer.Option(envvar="SANDBOX_MISSED_URL", help="Where missed calls are told.")
    ] = "",
    sms_key: Annotated[
        str | None, typer.Option(envvar="SANDBOX_SMS_KEY", help="The one API key; else any.")
    ] = None,
    merchant: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_MERCHANT", help="The one merchant of the bank; else any."),
    ] = None,
    money_goes_back_s: Annotated[
        int, typer.Option(help="When unverified money goes back, in seconds.")
    ] = 1_800,
    log: Annotated[Path | None, typer.Option(help="Also write the log to this file.")] = None,
    all_chats_open: Annotated[  # noqa: FBT002  A flag of the command line.
        bool, typer.Option(help="Every private chat exists: for crowds that are no people.")
    ] = False,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the ports here as JSON once all doors are open.")
    ] = None,
) -> None:
    """Open the desk and keep it open until Ctrl-C."""
    if ctx.invoked_subcommand is not None:
        return
    # Late, so that `country` and `--help` stay quick.
    from sandbox.app import Options, create_app
    from sandbox.messenger.bots import UnusableBot, read_bot
    from sandbox.people import People
    from sandbox.phone_company.network import Addresses

    lines = [*(bot or []), *filter(None, os.environ.get("SANDBOX_BOTS", "").split(","))]
    try:
        bots = [read_bot(line.strip()) for line in lines]
    except UnusableBot as error:
        _stop(str(error))
    if report_method not in ("GET", "POST"):
        _stop("--report-method is GET or POST.")
    people = country or var
    options = Options(
        bots=bots,
        people=People.read(people / "people.json") if people else People([]),
        var=var,
        log=log,
        host=host,
        smtp_port=smtp_port,
        sms_key=sms_key,
        merchant=merchant,
        money_goes_back_s=money_goes_back_s,
        addresses=Addresses(report_url, report_method, inbound_url, report_delay_ms, missed_url),
        all_chats_open=all_chats_open,
    )
    try:
        asyncio.run(_serve(create_app(options), host, port, ready_file))
    except OSError as error:
        _stop(f"The desk cannot open: {error.strerror or error}. Choose --port and --smtp-port.")


@cli.command()
def country(
    out: Annotated[Path, typer.Option(help="Folder to write the CSV files and people.json to.")],
    on: Annotated[str, typer.Option(help="The day the country lives on, as 2026-11-22.")],
    seed: Annotated[int, typer.Option(help="The same seed and day give the same bytes.")] = 1405,
) -> None:
    """Invent a country: people, employers, workplaces, branches, holidays and debts."""
    from datetime import date

    from sandbox.country.writing import write

    try:
        day = date.fromisoformat(on)
    except ValueError:
        _stop("--on is a Gregorian day, as 2026-11-22.")
    for name, rows in write(out, on=day, seed=seed).items():
        typer.echo(f"{name}: {rows}")


async def _serve(app: "web.Application", host: str, port: int, ready_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError when a door is taken."""
    from aiohttp import web

    from sandbox.app import WORLD

    # Nobody on a desk is worth waiting long for: pollers are let go by the application itself.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        ports = {"port": runner.addresses[0][1], "smtp_port": app[WORLD].smtp.port}
        typer.echo(
            f"The desk is open: http://{host}:{ports['port']} (mail on {ports['smtp_port']})"
        )
        if ready_file:
            part = ready_file.with_suffix(".part")
            part.write_text(json.dumps(ports), encoding="utf-8")
            part.replace(ready_file)
        done = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, done.set)
        await done.wait()
    finally:
        await runner.cleanup()


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    sys.exit(2)


if __name__ == "__main__":
    cli()
