import pytest

from tests.apps.jobs.kills import run_with_kills


@pytest.mark.usefixtures("only_sample_jobs", "effects_table")
class TestKilledRunners:
    def test_lose_no_job_and_repeat_no_effect(self) -> None:
        report = run_with_kills(tasks=16, steps=5, step_seconds=0.1, kills=4, every=0.5, seed=7)

        assert sum(report.killed.values()) == 4
        assert (report.done, report.lost) == (16, 0)
        assert (report.missing_effects, report.repeated_effects) == (0, 0)
