"""Fixtures of every test, and the place where the tests' database is chosen: `pytest --database postgresql`."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from tests import scheduling
from tests.client import ApiClient
from tests.sealing import Seals
from tests.servers import (
    PostgresqlServer,
    RedisServer,
    ServerUnavailableError,
    running_postgresql,
    running_redis,
    servers_required,
    skip_or_fail,
)

# A property that is slow because the machine is busy has not failed.
hypothesis_settings.register_profile("epicml", deadline=None)
hypothesis_settings.load_profile("epicml")

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

# What a process remembers between requests must not reach from one test into the next.
CACHE_RESETS = (
    ("apps.platform.selectors.api_keys", "reset_key_cache"),
    ("apps.platform.services.api_keys", "reset_uses"),
    ("apps.platform.services.throttle", "reset_throttle"),
    ("apps.platform.services.health", "reset_health"),
    ("apps.platform.services.outages", "reset_outage_log"),
    ("apps.catalog.selectors.shelf", "reset_shelf"),
    ("apps.events.services.lists", "reset_lists"),
    ("apps.search.services.choosing", "reset_database_engine"),
    ("apps.releases.services.live_artifact", "reset_live_artifacts"),
    ("apps.releases.services.monitoring", "reset_storage_health"),
)

# All that the tests know of the machine: where programs are, who runs them, where temporary files go, what they demand.
INHERITED = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "EPICML_REQUIRE_SERVERS",
    "EPICML_SCREENSHOTS",
}
# OpenBLAS computes wrongly on some processors without its own.
INHERITED_PREFIXES = ("PYTEST_", "COVERAGE_", "OPENBLAS_")

_session = ExitStack()
_missing: list[str] = []


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database the tests run on; PostgreSQL is started for them",
    )
    # Here, because Django must be ready before the next conftest.py is imported, and no other hook comes earlier.
    config = pluginmanager.getplugin("pytestconfig")
    known = parser.parse_known_args([str(part) for part in config.invocation_params.args]) if config else None
    if known is not None and not known.help:
        # The process that only hands tests out needs no server. The others must not inherit its settings: pytest-django
        # would read them before each has a folder and a database of its own.
        hands_out = getattr(known, "numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ
        _prepare_environment("sqlite" if hands_out else known.database)
        _prepare_django()
        if hands_out:
            del os.environ["DJANGO_SETTINGS_MODULE"]


def _prepare_environment(database: str) -> None:
    """Nothing of the machine reaches the tests: a folder and a database of their own."""
    folder = Path(tempfile.mkdtemp(prefix="epicml-test-"))
    _session.callback(shutil.rmtree, folder, ignore_errors=True)
    for name in os.environ.keys() - INHERITED:
        if not name.startswith(INHERITED_PREFIXES):
            del os.environ[name]
    os.environ |= {"EPICML_VAR": str(folder), "LANG": "C.UTF-8"}
    if database == "postgresql":
        try:
            os.environ["DATABASE_URL"] = _session.enter_context(running_postgresql()).url("epicml")
        except ServerUnavailableError as error:
            _missing.append(str(error))


def _prepare_django() -> None:
    import django
    from django.conf import settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EPICML_LISTS_FLUSH_SECONDS = None  # no thread writes beside a test; one that needs the rows flushes them
    django.setup()
    _find_static_files_once()


def _find_static_files_once() -> None:
    """Keep what WhiteNoise found: it looks at each static file again for each client of each test."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    look, found = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def add(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = add


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what was collected out of every later search for garbage, which takes a tenth of the time otherwise."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    return scheduling.LongestFirst(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    scheduling.mark_once(items)
    if hasattr(config, "workerinput"):
        scheduling.longest_first(items)
    if _missing and servers_required():
        pytest.exit(f"{_missing[0]} EPICML_REQUIRE_SERVERS=1 makes that a failure.", returncode=1)
    for item in items if _missing else ():
        item.add_marker(pytest.mark.skip(reason=_missing[0]))


def pytest_unconfigure() -> None:
    _session.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tests' database, which at the end nobody uses any more: PostgreSQL removes none that a thread is still in."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def seals(tmp_path_factory: pytest.TempPathFactory) -> Seals:
    """What many tests begin with, made once."""
    return Seals(tmp_path_factory.mktemp("seals"))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A real PostgreSQL beside the tests' own database."""
    try:
        with running_postgresql() as server:
            yield server
    except ServerUnavailableError as error:
        skip_or_fail(error)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis."""
    yield from _real_redis()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A real Redis that the test may stop."""
    yield from _real_redis()


def _real_redis() -> Iterator[RedisServer]:
    try:
        with running_redis() as server:
            yield server
    except ServerUnavailableError as error:
        skip_or_fail(error)


@pytest.fixture(autouse=True)
def forget_caches() -> Iterator[None]:
    """Every test starts without what this process remembered."""
    yield
    for module, name in CACHE_RESETS:
        if find_spec(module) is not None:
            getattr(import_module(module), name)()


@pytest.fixture
def now() -> datetime:
    """The moment at which every test happens."""
    return NOW


@pytest.fixture
def client_with(db: None) -> Callable[..., ApiClient]:
    """Make a client whose key has just these scopes: `client_with("search:read")`; a public one with origins."""
    from apps.platform.services.api_keys import create_api_key

    def make(*scopes: str, origins: Sequence[str] = (), **limits: Any) -> ApiClient:
        key = create_api_key(name="test", scopes=scopes, public=bool(origins), origins=origins, now=NOW, **limits)
        return ApiClient(key.secret, headers={"Origin": origins[0]} if origins else None)

    return make


@pytest.fixture
def api(client_with: Callable[..., ApiClient]) -> ApiClient:
    """A client with a server key of all scopes."""
    from apps.platform.services.api_keys import SCOPES

    return client_with(*SCOPES)


@pytest.fixture
def public_api(client_with: Callable[..., ApiClient]) -> ApiClient:
    """A client with a public key of all public scopes, asking from its own origin."""
    from apps.platform.services.api_keys import PUBLIC_SCOPES

    return client_with(*PUBLIC_SCOPES, origins=["https://library.example"])


@pytest.fixture
def anonymous_api(db: None) -> ApiClient:
    """A client without a key."""
    return ApiClient()
