"""`python -m api.audit.verify TRAIL --anchors FILE`: checks an exported trail, anywhere.

Needs Python and this folder: no store, no key, no other package. Exit code 0: whole; 1: bent, and
each line says where; 2: not read.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from api.audit import telling
from api.audit.chain import Report


def sentences(report: Report) -> Iterator[str]:
    """Say what was seen, a line for each finding."""
    yield from map(str, report.findings)
    if report.found > len(report.findings):
        yield f"and {report.found - len(report.findings)} findings more"
    verdict = "the trail is whole" if report.is_whole else "THE TRAIL WAS BENT"
    yield (
        f"{verdict}: {report.sealed} rows sealed, {report.emptied} of them emptied; "
        f"{report.anchors} anchors agree; {report.waiting} entries not sealed yet"
    )


def main(arguments: list[str]) -> int:
    """Check a file and print what was seen; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m api.audit.verify")
    parser.add_argument(
        "trail", type=Path, help="as `python -m api audit verify --export` wrote it"
    )
    parser.add_argument(
        "--anchors", type=Path, action="append", default=[], help="a file of anchors; repeatable"
    )
    given = parser.parse_args(arguments)
    try:
        anchors = telling.anchors_of(given.anchors)
        with given.trail.open(encoding="utf-8") as lines:
            report = telling.check(lines, anchors)
    except (OSError, UnicodeDecodeError, telling.CannotRead) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for line in sentences(report):
        sys.stdout.write(f"{line}\n")
    return 0 if report.is_whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
