"""Where in a text the words stand that were asked for, as ranges a page can mark."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from epicml.text.normalise import Word, folded, word_spans
from epicml.text.stems import stem

Range = tuple[int, int]


def typed_ranges(text: str, typed: Sequence[str], *, is_open: bool) -> list[Range]:
    """Find typed words in a text: where they stand one after the other, else wherever each stands.

    Args:
        text: as it is shown.
        typed: words in normal form.
        is_open: the last one counts as the beginning of a word.

    Returns:
        Half-open ranges of characters in order; only the typed beginning of the open word is in its range.

    >>> typed_ranges("The Hobbit", ["the", "hob"], is_open=True)
    [(0, 3), (4, 7)]
    >>> typed_ranges("Café Noir", ["noir", "cafe"], is_open=False)
    [(0, 4), (5, 9)]
    """
    return ranges_among(word_spans(text), text, typed, is_open=is_open)


def ranges_among(spans: Sequence[Word], text: str, typed: Sequence[str], *, is_open: bool) -> list[Range]:
    """Find them as typed_ranges does, in a text whose words were found before (normalise.word_spans).

    >>> text = "The Hobbit"
    >>> ranges_among(word_spans(text), text, ["hob"], is_open=True)
    [(4, 7)]
    """
    if not typed:
        return []
    for place in range(len(spans) - len(typed) + 1):
        if not _is_match(spans[place].text, typed, 0, is_open=is_open):  # most places end here, on every suggestion
            continue
        part, last = spans[place : place + len(typed)], len(typed) - 1
        if all(_is_match(span.text, typed, at, is_open=is_open) for at, span in enumerate(part)):
            return _apart(
                text, [_range(text, span, typed, at, is_open=is_open and at == last) for at, span in enumerate(part)]
            )
    there = {span.text for span in spans}
    # A word that is nowhere as a whole is marked as a beginning, for so it was found.
    begun = [(is_open and at == len(typed) - 1) or word not in there for at, word in enumerate(typed)]
    found = [
        _range(text, span, typed, at, is_open=begun[at])
        for span in spans
        if (at := _matching(span.text, typed, begun)) is not None
    ]
    return _apart(text, found)


@dataclass(frozen=True, slots=True)
class Highlighter:
    """Words to highlight in the texts of a book: in any of their forms, and where none of it has one, as beginnings.

    >>> highlighter = Highlighter.of(["trains", "drag"])
    >>> highlighter.ranges(["How to Train Your Dragon", "Ann Dragonfly"])
    [[(7, 12), (18, 22)], [(4, 8)]]
    """

    by_stem: Mapping[str, str]

    @classmethod
    def of(cls, typed: Iterable[str]) -> "Highlighter":
        """Highlight these words in normal form."""
        return cls({stem(word): word for word in typed})

    def ranges(self, texts: Sequence[str]) -> list[list[Range]]:
        """Find the places in each of a book's texts, as half-open ranges of characters in order."""
        spans = [word_spans(text) for text in texts]
        stems = {stem(span.text) for found in spans for span in found}
        begun = sorted((word for of, word in self.by_stem.items() if of not in stems), key=len, reverse=True)
        return [
            _apart(text, [mark for span in found if (mark := self._mark(text, span, begun))])
            for text, found in zip(texts, spans, strict=True)
        ]

    def _mark(self, text: str, span: Word, begun: Sequence[str]) -> Range | None:
        if stem(span.text) in self.by_stem:
            return span.start, span.end
        beginning = next((word for word in begun if span.text.startswith(word)), None)
        return None if beginning is None else _range(text, span, [beginning], 0, is_open=True)


def _apart(text: str, ranges: list[Range]) -> list[Range]:
    """Part ranges that overlap: one sign may hold two words, as "½" does, and is marked once."""
    if text.isascii():
        return ranges
    ends = [0, *accumulate((end for _, end in ranges), max)]
    return [(max(start, done), end) for (start, end), done in zip(ranges, ends, strict=False) if done < end]


def _matching(word: str, typed: Sequence[str], begun: Sequence[bool]) -> int | None:
    """Find the place of the longest typed word that this one is, or begins with."""
    places = [at for at, part in enumerate(typed) if word.startswith(part) and (begun[at] or word == part)]
    return max(places, key=lambda at: len(typed[at]), default=None)


def _is_match(word: str, typed: Sequence[str], at: int, *, is_open: bool) -> bool:
    if is_open and at == len(typed) - 1:
        return word.startswith(typed[at])
    return word == typed[at]


def _range(text: str, span: Word, typed: Sequence[str], at: int, *, is_open: bool) -> Range:
    if not is_open:
        return span.start, span.end
    if text[span.start : span.end].isascii() and span.end - span.start == len(span.text):  # letters are characters
        return span.start, span.start + len(typed[at])
    end, letters = span.start, 0
    while end < span.end and (letters < len(typed[at]) or not folded(text[end])):
        letters += len(folded(text[end]))
        end += 1
    return span.start, end
