"""Where in a text the words stand that were asked for, as ranges a page can mark."""

from collections.abc import Collection, Sequence
from itertools import accumulate

from epicml.text.normalise import Word, folded, word_spans
from epicml.text.stems import stem

Range = tuple[int, int]


def typed_ranges(text: str, typed: Sequence[str], *, is_open: bool) -> list[Range]:
    """The places of typed words in a text: where they stand one after the other, else wherever each stands.

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
    """As typed_ranges, for a text whose words were found before (normalise.word_spans)."""
    if not typed:
        return []
    for place in range(len(spans) - len(typed) + 1):
        if not _is_match(spans[place].text, typed, 0, is_open=is_open):  # most places end here, on every suggestion
            continue
        part = spans[place : place + len(typed)]
        if all(_is_match(span.text, typed, at, is_open=is_open) for at, span in enumerate(part)):
            return _apart(text, [_range(text, span, typed, at, is_open=is_open) for at, span in enumerate(part)])
    found = [
        _range(text, span, typed, at, is_open=is_open)
        for span in spans
        if (at := _matching(span.text, typed, is_open=is_open)) is not None
    ]
    return _apart(text, found)


def stem_ranges(text: str, stems: Collection[str]) -> list[Range]:
    """The places of all words with one of these stems.

    >>> stem_ranges("How to Train Your Dragon", {"train", "dragon"})
    [(7, 12), (18, 24)]
    """
    return _apart(text, [(span.start, span.end) for span in word_spans(text) if stem(span.text) in stems])


def _apart(text: str, ranges: list[Range]) -> list[Range]:
    """The ranges without overlaps: one sign may hold two words, as "½" does, and is marked once."""
    if text.isascii():
        return ranges
    ends = [0, *accumulate((end for _, end in ranges), max)]
    return [(max(start, done), end) for (start, end), done in zip(ranges, ends, strict=False) if done < end]


def _matching(word: str, typed: Sequence[str], *, is_open: bool) -> int | None:
    return next((at for at in range(len(typed)) if _is_match(word, typed, at, is_open=is_open)), None)


def _is_match(word: str, typed: Sequence[str], at: int, *, is_open: bool) -> bool:
    if is_open and at == len(typed) - 1:
        return word.startswith(typed[at])
    return word == typed[at]


def _range(text: str, span: Word, typed: Sequence[str], at: int, *, is_open: bool) -> Range:
    if not (is_open and at == len(typed) - 1):
        return span.start, span.end
    if text[span.start : span.end].isascii() and span.end - span.start == len(span.text):  # letters are characters
        return span.start, span.start + len(typed[at])
    end, letters = span.start, 0
    while end < span.end and (letters < len(typed[at]) or not folded(text[end])):
        letters += len(folded(text[end]))
        end += 1
    return span.start, end
