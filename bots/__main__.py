"""`python -m bots`: runs a command; what goes wrong is one sentence on standard error and exit 2."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.kit import unasked

app = typer.Typer(
    name="python -m bots",
    help="The bots of the hub: they talk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: the library of colours takes longer to import than all the rest of it.
    rich_markup_mode=None,
)


keys = typer.Typer(help="The keys that seal what is kept of chats.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command()
def serve() -> None:
    """Talk until told to stop."""
    from bots import settings

    told = settings.read()
    # The libraries are imported from here on: seconds that a wrong setting need not wait for.
    from bots import serving

    serving.serve(told)


@app.command()
def migrate() -> None:
    """Bring the bots' memory to the newest schema; safe to run again."""
    from bots import migrations, settings

    migrations.upgrade(settings.read().database_url)
    typer.echo("migrated")


@app.command()
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Look everything over, a line each: ok, warn or fail, and what to do; exit code 1 at a fail."""
    import asyncio

    from api.kit import checkup
    from bots import doctor as looking
    from bots import settings

    found = asyncio.run(looking.findings(settings.read()))
    checkup.tell(found, as_json=as_json)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup will be.")],
) -> None:
    """Back the memory up while the bots talk; keys are never in a backup."""
    from bots import holding, settings

    typer.echo(holding.backup(settings.read(), folder, now=datetime.now(UTC)))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="Where the backup is.")],
    *,
    held: Annotated[
        bool, typer.Option("--held", help="Say that it shall wait until it is released.")
    ] = False,
) -> None:
    """Bring a backup into an empty store; the bots say nothing until it is released."""
    from bots import holding, settings

    if not held:
        raise settings.CannotStart(
            "A restored memory waits until it is released: type --held as well."
        )
    typer.echo(holding.restore(settings.read(), folder))


@app.command()
def release() -> None:
    """Let the bots work with a restored memory; what waited in the backup is not said again."""
    from bots import holding, settings

    typer.echo(holding.release(settings.read()))


@keys.command("rotate")
def rotate_keys() -> None:
    """Add a sealing key and seal the memory with it, while the bots are stopped; old keys stay."""
    from bots import keys as sealing
    from bots import settings

    given = settings.read()
    done = sealing.rotate(given.database_url, given.keys)
    typer.echo(
        f"finished an earlier rotation: {done.resealed} values sealed again; run it once more for a new key"
        if done.resumed
        else f"new key in use: {done.resealed} values sealed again"
    )


_SOMEBODYS = "09990000000"
"""A number that is nobody's, where none is said."""


@app.command()
def chat(
    *,
    channel: Annotated[
        str,
        typer.Option(
            help="terminal (numbers), telegram, bale or web (buttons), sms (a number writes)."
        ),
    ] = "terminal",
    lang: Annotated[
        str, typer.Option(help="fa, en, ar or ckb; empty asks, as in a new chat.")
    ] = "fa",
    audience: Annotated[str, typer.Option(help="people, employers or inspectors.")] = "employers",
    name: Annotated[
        str, typer.Option(help="Who is talking: the chat's own name; by SMS the number, 09….")
    ] = "",
    write: Annotated[Path | None, typer.Option(help="Write a transcript test here.")] = None,
) -> None:
    """Talk here, in the terminal, with the core that BOTS_CORE_URL names."""
    import asyncio

    from api.client import Core
    from api.kit.identifiers import BadIdentifier, mobile
    from api.kit.language import Language
    from bots import chat as talking
    from bots import settings
    from bots.dialogues import collected

    if channel not in {"terminal", "telegram", "bale", "web", "sms"} or lang not in {"", *Language}:
        raise settings.CannotStart(
            "CHANNEL is terminal, telegram, bale, web or sms, and LANG is one of "
            f"{', '.join(Language)}."
        )
    if channel == "sms":
        try:
            name = mobile(name or _SOMEBODYS)
        except BadIdentifier:
            raise settings.CannotStart("By SMS NAME is a mobile number, 09….") from None
    knocking = settings.read_core()
    transcript = talking.Transcript(write, lang)

    async def talk() -> None:
        async with Core(knocking.core_url, knocking.core_key.get_secret_value()) as core:
            await talking.chat(
                collected(),
                core,
                audience=audience,
                name=name or "desk",
                language=lang,
                channel=channel,
                transcript=transcript,
            )

    try:
        asyncio.run(talk())
    finally:
        transcript.close()


def main() -> None:
    """Run the command line."""
    unasked.leave_out()
    try:
        app()
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        from api.kit.sealing import BadKeys
        from api.snapshots.service import BadSnapshot
        from bots.settings import CannotStart
        from bots.store import BadStore

        if isinstance(error, CannotStart | BadStore | BadKeys | BadSnapshot):
            told = str(error)
        elif isinstance(error, DBAPIError):
            reason = str(error.orig).partition("\n")[0]
            told = f"The bots' memory cannot be used ({reason}): check BOTS_DATABASE_URL."
        else:
            raise
        sys.stderr.write(f"{told}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
