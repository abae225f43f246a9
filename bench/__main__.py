"""Runs the benches: `python -m bench` for all, `python -m bench bills --contracts 9000` for one."""

import sys
from importlib import import_module
from itertools import takewhile
from pathlib import Path

FIGURES = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")
)


def main(arguments: list[str]) -> int:
    """Run the figures named, or all; gives 1 when one of them missed its bar.

    Options, from the first dash on, go to the figure.
    """
    names = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    options = arguments[len(names) :]
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"No figure is called {', '.join(unknown)}; there are: {', '.join(FIGURES)}.")
        return 2
    missed = [name for name in names or FIGURES if not import_module(f"bench.{name}").run(*options)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
