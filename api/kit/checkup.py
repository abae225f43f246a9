"""What a `doctor` finds: a line for each thing it looked at, worst last, and whether all is well.

Every room has one (`python -m api doctor`, `python -m notifier doctor`, `python -m bots doctor`),
since a room knows its own settings alone. No finding holds a secret or anything of a person.
"""

import json
import socket
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import urlsplit

import typer

REACH_SECONDS = 3.0
"""How long another machine has to answer."""

_OWNER_ALONE = stat.S_IRWXG | stat.S_IRWXO
_LETTERS = 10
# What examples hold, and people leave as it was.
_WEAK = ("change", "secret", "password", "example", "invented", "12345", "test")
_PORTS = {"http": 80, "https": 443, "smtp": 25, "smtps": 465, "smpp": 2775, "smpps": 3550}


class Level(IntEnum):
    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, what is found, and what to do where it is not well."""

    level: Level
    about: str
    found: str
    do: str = ""

    def __str__(self) -> str:
        said = f"{self.level.name.lower():5}{self.about}: {self.found}"
        return f"{said}; {self.do}" if self.do else said


Check = Callable[[], Iterable[Finding]]


def ok(about: str, found: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, found)


def warn(about: str, found: str, do: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(Level.WARN, about, found, do)


def fail(about: str, found: str, do: str) -> Finding:
    """It does not work, or must not be so."""
    return Finding(Level.FAIL, about, found, do)


def looked(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Make the checks one after the other; one that breaks off has failed, and the others go on."""
    for about, check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for.
            sentence = str(error).partition("\n")[0] if type(error).__module__ != "builtins" else ""
            yield fail(about, sentence or type(error).__name__, "mend that and look again")


def told(findings: Sequence[Finding], *, as_json: bool) -> str:
    """The findings as they are printed."""
    if as_json:
        return json.dumps(
            [{**asdict(one), "level": one.level.name.lower()} for one in findings],
            ensure_ascii=False,
        )
    return "\n".join(map(str, findings))


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing has failed."""
    return all(one.level is not Level.FAIL for one in findings)


def tell(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print the findings, and end the command with 1 where anything has failed."""
    typer.echo(told(findings, as_json=as_json))
    if not is_well(findings):
        raise typer.Exit(1)


def key_file(path: Path) -> Iterator[Finding]:
    """Look whether a key file that can be read is its owner's alone."""
    mode = path.stat().st_mode
    if mode & _OWNER_ALONE:
        yield fail("keys", f"{path} is open to others ({stat.filemode(mode)})", f"chmod 600 {path}")
    else:
        yield ok("keys", f"{path} is its owner's alone")


def secret(name: str, value: str) -> Finding:
    """Look whether a secret could be guessed: too few letters, or the words of an example."""
    if len(set(value)) < _LETTERS or any(word in value.lower() for word in _WEAK):
        return fail(name, "is a secret of an example, or of few letters", "write random ones")
    return ok(name, "is set")


def reached(about: str, url: str) -> Finding:
    """Look whether somebody listens at an address; it is not said which, a secret may stand in it."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    try:
        socket.create_connection((parts.hostname or "", port), REACH_SECONDS).close()
    except OSError as error:
        said = f"nobody answers at {parts.hostname}:{port} ({type(error).__name__})"
        return fail(about, said, "check the address, the name server and the firewall")
    return ok(about, f"{parts.hostname}:{port} answers")
