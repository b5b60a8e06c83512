from apps.jobs.services.workers import workers_of


class TestWorkersOf:
    def test_each_lane_has_a_worker_that_sigterm_stops_within_the_grace(self) -> None:
        children = workers_of(["quick", "long"], concurrency=3, grace_seconds=20.4)

        options = [dict(zip(child.command[6:10:2], child.command[7:10:2], strict=True)) for child in children]
        assert [each["--queues"] for each in options] == ["quick", "long"]
        assert [each["--concurrency"] for each in options] == ["3", "3"]
        assert [child.essential for child in children] == [False, False]
        assert {**children[0].environment} == {"REMAP_SIGTERM": "SIGQUIT", "CELERY_GRACE_SECONDS": "20"}
