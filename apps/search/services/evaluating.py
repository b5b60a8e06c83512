"""What is measured of a search index before it may go live, and the rules of its gate."""

import random
from collections.abc import Sequence
from functools import partial
from typing import Final

from apps.catalog.selectors.books import BookCard
from apps.releases.services.kinds import Audit, BuildContext
from apps.search.engines.embedded.folders import open_engine
from apps.search.engines.protocol import MOST_RESULTS, IndexBrokenError, IndexEngine
from apps.search.services.building import BuiltIndex, Library
from epicml.audience.bands import AgeBand
from epicml.evaluation.comparison import compare
from epicml.evaluation.gate import Bound, GateRule
from epicml.evaluation.report import Measure, Report, Unit
from epicml.metrics.keystrokes import Complete, Typing, type_out
from epicml.search.plan import Typed
from epicml.search.ranking import rank_search, rank_suggestions
from epicml.search.titles import TitleStarts
from epicml.text.normalise import main_title, typed_form, words

TARGETS: Final = 200
SEED: Final = 20261124
SHOWN: Final = 10
BASELINE: Final = "title starts with, by popularity"

RULES = (
    GateRule(
        "baseline",
        "saved_against_baseline",
        Bound.DIFFERENCE,
        -0.01,
        f"lower bound above −.01 against “{BASELINE}”",
        "It would make readers type more than the plainest list of titles.",
        acceptable=True,
    ),
    GateRule(
        "champion",
        "keystrokes_saved",
        Bound.SHARE_OF_CHAMPION,
        0.98,
        "at least 98 % of the champion's",
        "It would make readers type more than they do now.",
        acceptable=True,
    ),
    GateRule(
        "complete", "missing_books", Bound.EXACTLY, 0, "exactly 0", "It would not hold every book of the catalogue."
    ),
    GateRule(
        "found",
        "titles_found",
        Bound.ALL,
        1,
        "every one",
        "It would not find books by their own titles.",
        acceptable=True,  # more books of one title than a search can page through are no fault of the index
    ),
    GateRule(
        "age_band",
        "above_age_band",
        Bound.EXACTLY,
        0,
        "exactly 0",
        "It would suggest books above the age band of who asks.",
    ),
)


def evaluate_index(context: BuildContext, library: Library, _audit: Audit, built: BuiltIndex) -> Report:
    """The report on a sealed index: typing, completeness and the age gate, on targets drawn with a fixed seed."""
    cards = library.cards
    engine = open_engine(context.folder)
    targets = _targets(cards)
    typings = _type_all(targets, _completing(engine))
    champion, not_compared = _champion_typings(context, targets)
    return Report(
        method=(
            f"{len(targets)} titles typed letter by letter, drawn by popularity (seed {SEED}); found when among the "
            f"first {SHOWN}; paired bootstrap over titles."
        ),
        measures=(
            _against_champion(typings, champion),
            _against_baseline(typings, _type_all(targets, _baseline(cards))),
            _missing_books(engine, cards),
            _titles_found(engine, targets),
            _above_age_band(engine, cards, targets),
        ),
        counts={
            "books": engine.books,
            "change": engine.cursor,
            "never found": sum(typing.found_at is None for typing in typings),
            "content SHA-256": str(built.details["content_sha256"]),
        },
        not_compared=not_compared,
    )


def _targets(cards: Sequence[BookCard]) -> list[BookCard]:
    typeable = [card for card in cards if words(card.title)]
    weights = [1 + card.popularity for card in typeable]
    return random.Random(SEED).choices(typeable, weights, k=TARGETS) if typeable else []  # noqa: S311


def _type_all(targets: Sequence[BookCard], complete: Complete) -> list[Typing]:
    # The same title is drawn more than once where it is popular.
    known = {card.id: type_out(main_title(card.title), card.id, complete, k=SHOWN) for card in targets}
    return [known[card.id] for card in targets]


def _completing(engine: IndexEngine) -> Complete:
    return lambda text: _suggested(engine, text, AgeBand.ADULT)


def _baseline(cards: Sequence[BookCard]) -> Complete:
    titles = TitleStarts([card.title for card in cards], popularity=[card.popularity for card in cards])
    return lambda text: [cards[row].id for row in titles.starting(typed_form(text), limit=SHOWN).tolist()]


def _champion_typings(context: BuildContext, targets: Sequence[BookCard]) -> tuple[list[Typing] | None, str]:
    """The same titles typed into the live index; None where none is live, or with the reason why it cannot be asked."""
    if context.champion_folder is None:
        return None, context.champion_problem
    try:
        return _type_all(targets, _completing(open_engine(context.champion_folder))), ""
    except IndexBrokenError as error:
        return None, f"its index cannot be read: {error.message.rstrip('.')}"


def _against_champion(typings: Sequence[Typing], champion: Sequence[Typing] | None) -> Measure:
    before = None if champion is None else _saved(champion)
    return compare("keystrokes_saved", "Keystrokes saved", _saved(typings), before, seed=SEED, unit=Unit.SHARE)


def _against_baseline(typings: Sequence[Typing], baseline: Sequence[Typing]) -> Measure:
    return compare(
        "saved_against_baseline",
        "Keystrokes saved, against the baseline",
        _saved(typings),
        _saved(baseline),
        seed=SEED,
        against=BASELINE,
        unit=Unit.SHARE,
    )


def _missing_books(engine: IndexEngine, cards: Sequence[BookCard]) -> Measure:
    return _counted("missing_books", "Books missing from the index", abs(len(cards) - engine.books), n=len(cards))


def _titles_found(engine: IndexEngine, targets: Sequence[BookCard]) -> Measure:
    rank = partial(rank_search, engine=engine, lexicon=engine.lexicon, limit=MOST_RESULTS)
    found = sum(card.id in rank(Typed.read(main_title(card.title)), audience=card.age_band).books for card in targets)
    return _counted("titles_found", "Books found by their own title", found, n=len(targets), unit=Unit.ANSWERS)


def _above_age_band(engine: IndexEngine, cards: Sequence[BookCard], targets: Sequence[BookCard]) -> Measure:
    bands = {card.id: card.age_band for card in cards}
    answers = [
        (band, _suggested(engine, main_title(card.title)[:letters], band))
        for card in targets
        for band in AgeBand
        for letters in (1, 3, 8)
    ]
    above = sum(bands[book] > band for band, books in answers for book in books)
    return _counted("above_age_band", "Suggestions above the age band", above, n=len(answers))


def _suggested(engine: IndexEngine, text: str, band: AgeBand) -> Sequence[int]:
    typed = Typed.read(text)
    return rank_suggestions(
        typed, engine=engine, lexicon=engine.lexicon, audience=band, limit=SHOWN, with_names=False
    ).books


def _counted(key: str, title: str, value: float, *, n: int, unit: Unit = Unit.COUNT) -> Measure:
    return Measure(key=key, title=title, challenger=value, unit=unit, n=n, note="counted, no interval")


def _saved(typings: Sequence[Typing]) -> list[float]:
    return [typing.saved for typing in typings]
