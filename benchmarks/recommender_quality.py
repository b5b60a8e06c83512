"""What the recommender is worth: the fusion beside popularity and beside each of its parts, and what its gate says.

Trained as the product trains, as a release: the last fifth of each reader's ratings is kept back and asked for, 4 stars
and more are liked, and each difference has its paired interval over readers. A challenger without LightFM follows: it
is measured against the first one and not promoted. Once on all of goodbooks-10k, where every reader is an adult and may
see every book, and once on the children's shelf with the age bands of the demo.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.goodbooks import GOODBOOKS
from benchmarks.manage import manage
from benchmarks.report import heading, row
from epicml.evaluation.recommender import AFTER_GAP, BEST_PART, title_of
from epicml.evaluation.report import Measure, Report

if TYPE_CHECKING:  # the models behind it need Django, which is ready only inside `train`
    from apps.releases.selectors.detail import ReleaseDetail

LEADING: Final = "ndcg@10"
SERVED: Final = "fitting the served model: "


def main() -> None:
    """Measure the full data where they are beside the project, and the children's shelf."""
    heading("Recommender: NDCG@10, the last 20 % of each reader's ratings asked for")
    if GOODBOOKS.is_dir():
        _measure("goodbooks, every reader an adult", _load_goodbooks)
    else:
        print(f"  goodbooks: not measured, {GOODBOOKS} is not there")
    _measure("children's shelf of the demo, with its age bands", _load_shelf)


def _measure(name: str, load: Callable[[Path], None]) -> None:
    print(f"  {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="epicml-bench-") as folder:
        var = Path(folder)
        manage(var, "migrate")
        load(var)
        manage(var, "shell", "-v0", "-c", "from benchmarks.recommender_quality import train; train()", shown=True)


def _load_goodbooks(var: Path) -> None:
    # Refused rows go to the folder of the benchmark: beside the data nothing may be written.
    manage(var, "import_books", str(GOODBOOKS / "books.csv"), "--refused", str(var / "refused-books.csv"))
    ratings = [str(GOODBOOKS / "ratings.csv"), "--refused", str(var / "refused-ratings.csv")]
    manage(var, "import_interactions", *ratings, "--new-readers", "adult")


def _load_shelf(var: Path) -> None:
    manage(var, "shell", "-v0", "-c", "from benchmarks.recommender_quality import load_shelf; load_shelf()")


def load_shelf() -> None:
    """The demo's books, readers and ratings are there, and no release: the first one is to be measured here."""
    from django.conf import settings
    from django.utils import timezone

    from demo.dataset import SHELF, Dataset
    from demo.preparation import STEPS, Work, prepare

    work = Work(Dataset.in_folder(SHELF), clock=timezone.now, progress=lambda _: None, folder=settings.VAR_DIR)
    for step in ("books", "readers", "ratings"):
        prepare(STEPS[step], work)


@dataclass
class _Stopwatch:
    """Seconds of each step of a training, by what it says of itself when it begins."""

    seconds: dict[str, float] = field(default_factory=dict)
    _doing: str = "start"
    _since: float = field(default_factory=time.perf_counter)

    def __call__(self, _done: int, _total: int, text: str) -> None:
        now = time.perf_counter()
        self.seconds[self._doing] = self.seconds.get(self._doing, 0.0) + now - self._since
        self._doing, self._since = text, now


def train() -> None:
    """Train with every part and promote; then without LightFM, as a challenger. Print what the reports say."""
    from epicml.recommenders.lightfm import is_installed

    watch = _Stopwatch()
    first = _trained(watch, with_lightfm=True)
    report = Report.from_json(first.report)
    _show_fusion(report)
    _show_fit(watch)
    _show_gate("gate", first, all_rules=True)
    if not is_installed():
        print("    LightFM is not installed here: the fusion is without it, and has no challenger")
        return
    challenger = _trained(_Stopwatch(), with_lightfm=False)
    _show_difference("without LightFM, against the fusion", Report.from_json(challenger.report).measure(LEADING))
    _show_gate("its gate", challenger)


def _trained(watch: _Stopwatch, *, with_lightfm: bool) -> "ReleaseDetail":
    from django.utils import timezone

    from apps.recommendations.services.training import retrain
    from apps.recommendations.serving import KIND
    from apps.releases.selectors.detail import release_detail

    made = retrain(
        created_by="benchmark",
        why="benchmark",
        clock=timezone.now,
        promote=with_lightfm,
        with_lightfm=with_lightfm,
        progress=watch,
    )
    watch(0, 0, "end")
    return release_detail(KIND, made.key)


def _show_fusion(report: Report) -> None:
    leading, coverage = report.measure(LEADING), report.measure("coverage").challenger
    seen = f"{leading.n:,} readers; {coverage:.1%} of the catalogue shown"
    row("  fusion", _score(leading.challenger), compared_with=seen)
    for measure in report.measures:
        if measure.key.startswith(f"{LEADING}:") and measure.key not in (AFTER_GAP, BEST_PART):
            _show_difference(f"above {title_of(measure.against)}", measure, target=True)
    if report.has(AFTER_GAP):
        gap = report.measure(AFTER_GAP)
        _show_difference(f"above popularity, 10 reads later ({gap.n:,} readers)", gap)


def _show_difference(name: str, measure: Measure, *, target: bool = False) -> None:
    """Both scores, and how sure their difference is."""
    found = measure.difference
    assert found is not None
    assert measure.champion is not None
    low, high = _signed(found.low), _signed(found.high)
    scores = f"{_score(measure.challenger)} and {_score(measure.champion)}"
    row(
        f"  {name}",
        _signed(found.estimate),
        compared_with=f"{scores}, paired 95 % [{low}, {high}]",
        target="lower bound > 0" if target else "",
        met=found.low > 0 if target else None,
    )


def _score(value: float) -> str:
    return f"{value:.4f}".removeprefix("0")


def _signed(difference: float) -> str:
    return f"{difference:+.4f}".replace("0.", ".", 1)


def _show_fit(watch: _Stopwatch) -> None:
    parts = {text.removeprefix(SERVED): spent for text, spent in watch.seconds.items() if text.startswith(SERVED)}
    longest = [f"{title_of(name)} {spent:.1f}" for name, spent in parts.items() if spent >= 0.05]
    row("  fit of the served model", f"{sum(parts.values()):.1f} s", compared_with=", ".join(longest))
    row(
        "  from facts to verdict",
        f"{sum(watch.seconds.values()):.1f} s",
        compared_with="two models, ranking and trial",
    )


def _show_gate(name: str, release: "ReleaseDetail", *, all_rules: bool = False) -> None:
    from apps.releases.services.kinds import release_kind
    from apps.releases.services.wording import told_results

    for rule in told_results(release, release_kind(release.row.kind).words):
        if all_rules or not rule["passed"]:
            row(f"  {name}: {rule['rule']}", "passed" if rule["passed"] else "refused", compared_with=rule["found"])
    row(f"  {name}", release.row.state, compared_with=release.row.gate_headline)


if __name__ == "__main__":
    main()
