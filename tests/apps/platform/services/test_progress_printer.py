from apps.platform.services.progress_printer import ProgressPrinter


class TestProgressPrinter:
    def test_says_something_at_most_once_a_second(self) -> None:
        times = iter([0.0, 0.4, 0.9, 1.0, 1.1])
        said: list[str] = []
        progress = ProgressPrinter(said.append, lambda: next(times))

        for rows in (1000, 2000, 3000, 4000, 5000):
            progress(rows)

        assert said == ["  1,000 rows …", "  4,000 rows …"]
