"""English word stems: a reader who asks for "dragons flying" means a title with "dragon" and "fly"."""

import re
from functools import lru_cache

VOWEL = re.compile(r"[aeiouy]")
DOUBLED = re.compile(r"([bdfgmnprt])\1$")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The word without the endings of number and tense, so that its forms meet.

    Light on purpose (steps 1a to 1c of Porter's algorithm): titles are short, and what a heavier stemmer joins
    ("general", "generous") is more often wrong than right.

    Args:
        word: one word in normal form.

    Source: Porter 1980, "An algorithm for suffix stripping", step 1.

    >>> [stem(word) for word in ("dragons", "ponies", "flying", "hopped", "princess", "wishes")]
    ['dragon', 'poni', 'fly', 'hop', 'princess', 'wish']
    """
    if len(word) < 4 or not word.isascii():
        return word
    singular = _without_plural(word)
    if len(singular) < 4:  # "boys" meets "boy", which is too short to lose anything
        return singular
    base = _without_tense(singular)
    if len(base) > 3 and base.endswith("y") and VOWEL.search(base[:-1]):
        return base[:-1] + "i"
    return base


def _without_plural(word: str) -> str:
    if word.endswith("ies") and not VOWEL.search(word[:-3]):  # "pies" is of "pie", "flies" of "fly"
        return word[:-1] if len(word) == 4 else word[:-3] + "y"
    if word.endswith(("sses", "ies")):
        return word[:-2]
    if word.endswith(("shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _without_tense(word: str) -> str:
    if word.endswith("eed"):  # "agreed" is of "agree", but "speed" and "breed" are no past tense
        return word[:-2] if VOWEL.search(word[:-3]) else word
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and VOWEL.search(base):
            return base[:-1] if DOUBLED.search(base) else base.removesuffix("e")
        if base != word:
            return word
    return word.removesuffix("e")
