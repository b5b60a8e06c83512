import signal
from collections.abc import Iterator

import pytest

from apps.jobs.services.ledger import registry
from tests.apps.jobs.sample import effects, jobs


@pytest.fixture
def only_sample_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registered jobs are those of the sample; the next test has the product's again."""
    monkeypatch.setattr(registry, "_jobs", {})
    monkeypatch.setattr(registry, "_schedules", {})
    jobs.register()


@pytest.fixture
def effects_table(transactional_db: None) -> Iterator[None]:
    """An empty table for effects, seen by child processes too."""
    effects.make_table()
    yield
    effects.drop_table()


@pytest.fixture
def keep_signals() -> Iterator[None]:
    """What listens to signals in this process stops listening afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)
