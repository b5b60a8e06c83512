"""What is measured of a search index before it may go live, and how the rules of its gate are told."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from apps.catalog.selectors.books import BookCard
from apps.releases.services.kinds import Audit, BuildContext
from apps.releases.services.wording import RuleWords
from apps.search.engines.embedded.folders import open_engine
from apps.search.engines.protocol import MOST_RESULTS, IndexBrokenError, IndexEngine
from apps.search.services.building import BuiltIndex, Library
from epicml.audience.bands import AgeBand
from epicml.evaluation.report import Report
from epicml.evaluation.search import Evaluation, draw_targets, report
from epicml.metrics.keystrokes import Complete, Typing, type_out
from epicml.search.plan import Typed
from epicml.search.ranking import rank_search, rank_suggestions
from epicml.search.titles import TitleStarts
from epicml.text.normalise import main_title, typed_form, words

TARGETS: Final = 200
SEED: Final = 20261124
SHOWN: Final = 10

WORDS = {
    "baseline": RuleWords("It would make readers type more than the plainest list of titles."),
    "champion": RuleWords("It would make readers type more than they do now."),
    "complete": RuleWords(
        "It would not hold every book of the catalogue.",
        "book differs between index and catalogue",
        "books differ between index and catalogue",
    ),
    "found": RuleWords(
        "It would not find books by their own titles.", "title led to its book", "titles led to their book"
    ),
    "age_band": RuleWords(
        "It would suggest books above the age band of who asks.",
        "book above the reader's age band was suggested",
        "books above the reader's age band were suggested",
    ),
}


def evaluate_index(context: BuildContext, library: Library, _audit: Audit, built: BuiltIndex) -> Report:
    """Measure a sealed index: typing, completeness and the age gate, on targets drawn with a fixed seed."""
    cards = library.cards
    engine = open_engine(context.folder)
    typeable = [card for card in cards if words(card.title)]
    targets = draw_targets(typeable, popularity=[card.popularity for card in typeable], n=TARGETS, seed=SEED)
    typings = _type_all(targets, _completing(engine))
    champion, not_compared = _champion_typings(context, targets)
    rank = partial(rank_search, engine=engine, lexicon=engine.lexicon, limit=MOST_RESULTS)
    found = [rank(Typed.read(main_title(card.title)), audience=card.age_band).books for card in targets]
    lists, above_age_band = _above_age_band(engine, cards, targets)
    return report(
        Evaluation(
            challenger=typings,
            baseline=_type_all(targets, _baseline(cards)),
            champion=champion,
            books=len(cards),
            missing_books=abs(len(cards) - engine.books),
            titles_found=sum(card.id in books for card, books in zip(targets, found, strict=True)),
            lists=lists,
            above_age_band=above_age_band,
            counts={
                "books": engine.books,
                "change": engine.cursor,
                "never found": sum(typing.found_at is None for typing in typings),
                "content SHA-256": str(built.details["content_sha256"]),
            },
            not_compared=not_compared,
        ),
        method=(
            f"{len(targets)} titles typed letter by letter, drawn by popularity (seed {SEED}); found when among the "
            f"first {SHOWN}; paired bootstrap over titles."
        ),
        seed=SEED,
    )


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
    """Type the same titles into the live index; None where none is live, or with the reason why it cannot be asked."""
    if context.champion_folder is None:
        return None, context.champion_problem
    try:
        return _type_all(targets, _completing(open_engine(context.champion_folder))), ""
    except IndexBrokenError as error:
        return None, f"its index cannot be read: {error.message.rstrip('.')}"


def _above_age_band(engine: IndexEngine, cards: Sequence[BookCard], targets: Sequence[BookCard]) -> tuple[int, int]:
    """Count lists of suggestions, and the books in them above the age band of who asks."""
    bands = {card.id: card.age_band for card in cards}
    answers = [
        (band, _suggested(engine, main_title(card.title)[:letters], band))
        for card in targets
        for band in AgeBand
        for letters in (1, 3, 8)
    ]
    return len(answers), sum(bands[book] > band for band, books in answers for book in books)


def _suggested(engine: IndexEngine, text: str, band: AgeBand) -> Sequence[int]:
    typed = Typed.read(text)
    return rank_suggestions(
        typed, engine=engine, lexicon=engine.lexicon, audience=band, limit=SHOWN, with_names=False
    ).books
