from apps.platform.services.metrics import exposition
from apps.recommendations.services import answers
from apps.recommendations.services.measures import live_model_metric
from apps.releases.selectors.listing import ReleaseRow
from tests.apps.recommendations.library import NOON


def lines(name: str) -> list[str]:
    return [line for line in exposition().decode().splitlines() if line.startswith(name)]


class TestMetrics:
    def test_count_answers_by_their_fallback(self, full_library: None) -> None:
        def count() -> float:
            found = lines('epicml_recommendations_total{fallback="model_unavailable"}')
            return sum(float(line.split()[-1]) for line in found)

        before = count()
        answers.recommend("dragon-reader-0", limit=5, now=NOON)
        assert count() == before + 1

    def test_time_every_list(self, live_model: ReleaseRow) -> None:
        answers.home_page("dragon-reader-0", size=5, now=NOON)
        assert lines('epicml_recommendations_seconds_count{list="home"}')

    def test_say_which_model_serves(self, live_model: ReleaseRow) -> None:
        answers.recommend("dragon-reader-0", limit=5, now=NOON)
        # Not of /metrics, which asks probes in threads, and those see no open transaction.
        [info] = live_model_metric()
        assert [sample.labels for sample in info.samples] == [{"live": live_model.key, "served": live_model.key}]
