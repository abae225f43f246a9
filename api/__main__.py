"""`python -m api`: runs a command; what goes wrong is one sentence on standard error and exit 2."""

import sys

from api.commands.line import app
from api.kit import unasked


@app.command()
def serve() -> None:
    """Serve the doors until told to stop."""
    from api import app as web
    from api.commands import troubles

    web.serve(troubles.settings())


def main() -> None:
    """Run the command line."""
    unasked.leave_out()
    try:
        app()
    except Exception as error:
        from api.commands import troubles

        told = troubles.sentence(error)
        if told is None:
            raise
        sys.stderr.write(f"{told}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
