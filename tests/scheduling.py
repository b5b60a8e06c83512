"""Hand tests out to several processes, what takes longest first: what begins last must not keep one process waiting."""

from collections import Counter
from collections.abc import Collection

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Those share a server that takes most of a minute to prepare, so they go to one process.
TOGETHER = ("tests/browser",)
# What takes more than about five seconds, longest first. Whatever is not here follows, files of many tests before those
# of few, so that a few quick ones are the last. One that became quick does no harm here.
LONGEST = (
    "tests/browser",
    "tests/safety/test_inputs.py",
    "tests/safety/test_openapi_contract.py",
    "tests/safety/test_pages.py",
    "tests/apps/recommendations/test_resuming_contract.py",
    "tests/safety/test_admin.py",
    "tests/apps/jobs/test_runner_contract.py",
    "tests/safety/test_restore_drill.py",
    "tests/apps/jobs/test_outages.py",
    "tests/safety/test_age_gate.py",
    "tests/apps/platform/api/test_database_restart_contract.py",
    "tests/apps/search/services/test_gate_contract.py",
    "tests/apps/search/test_served_contract.py",
    "tests/epicml/recommenders/test_pairs.py",
    "tests/apps/search/engines/test_titles_contract.py",
    "tests/apps/catalog/services/test_import_contract.py",
    "tests/apps/jobs/services/runner/test_worker.py",
    "tests/apps/platform/management/commands/test_restore.py",
    "tests/apps/platform/management/commands/test_backup.py",
    "tests/apps/catalog/services/test_importing.py",
    "tests/apps/jobs/management/commands/test_serve.py",
    "tests/apps/search/test_freshness_contract.py",
    "tests/apps/jobs/test_kills.py",
    "tests/apps/jobs/management/commands/test_runjobs.py",
)

# They know a folder's other tests, but no database, which pytest-django refuses them: once with either proves all.
ONCE = (
    "tests/apps/platform/api/front/",
    "tests/apps/platform/services/tabular/",
    "tests/apps/search/engines/embedded/",
    "tests/apps/search/engines/test_titles_contract.py",
    "tests/config/postgresql/",  # has a server of its own
)


class LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # of a library without types
    """Files in the order of their collection, and some folders as one."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # or the number of tests would decide

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(super()._split_scope(nodeid))


def unit_of(file: str) -> str:
    """Return what goes to one process as a whole: the file, or the folder that it shares a server with."""
    return next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)


def longest_first(items: list[pytest.Item]) -> None:
    """Order the tests by how long their file takes; those of a file keep their order."""
    counts = Counter(_unit(item) for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        unit = _unit(item)
        return LONGEST.index(unit) if unit in LONGEST else len(LONGEST), -counts[unit], unit

    items.sort(key=place)


def runs_once(nodeid: str, *, fixtures: Collection[str], marks: Collection[str]) -> bool:
    """Return whether a test need not run on both databases: it is of ONCE, and does not ask for that of the tests."""
    asks = {"db", "transactional_db"} & set(fixtures) or "django_db" in marks
    return nodeid.startswith(ONCE) and not asks


def mark_once(items: list[pytest.Item]) -> None:
    """Mark what need not run on both databases."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if runs_once(item.nodeid, fixtures=getattr(item, "fixturenames", ()), marks=marks):
            item.add_marker("once")


def _unit(item: pytest.Item) -> str:
    return unit_of(item.nodeid.split("::")[0])
