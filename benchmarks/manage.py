"""Management commands with their data in a folder of the benchmark, and a PostgreSQL for its length."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers import ServerUnavailableError, running_postgresql

PROJECT = Path(__file__).resolve().parent.parent


def manage(var: Path, *arguments: str, env: Mapping[str, str] | None = None, shown: bool = False) -> str:
    """What the command prints, or "" where it is shown as it comes; on SQLite unless `env` says otherwise."""
    environment = {**os.environ, "EPICML_VAR": str(var)}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**environment, **(env or {})},
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return done.stdout or ""


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database; "" where the programs are not installed, and that is said."""
    try:
        with running_postgresql() as server:
            yield server.url()
    except ServerUnavailableError as error:
        print(f"  PostgreSQL: not measured. {error}")
        yield ""
