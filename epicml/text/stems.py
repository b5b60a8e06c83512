"""English word stems: "dragons flying" finds a title with "dragon" and "fly". And words that say nothing alone."""

import re
from functools import lru_cache

VOWEL = re.compile(r"[aeiouy]")
DOUBLED = re.compile(r"([bdfgmnprt])\1$")
# They hold a sentence together and are in titles of every kind: alone they say nothing of a book.
# English, German, French, Spanish, Italian, Dutch: the articles, pronouns, prepositions and conjunctions of titles.
_STOP_WORDS = """
a an the and or but of in on at to from for with without by as into out up down off over under is are was were be been
am do does did has have had will would can could i you he she it we they me him her us them my your his its our their
this that these those who what which where when how why not no so if than then there here all
der die das den dem des ein eine einen einem eines und oder von vom zu zum zur im am auf mit ist ich du er sie es wir
ihr mein dein sein nicht wie wer was
le la les l un une des du de d et ou en au aux dans sur pour par avec qui que je tu il elle on nous vous mon ton son
el los las una unos unas y e del al con por para lo su mi tu que se
il gli i uno della dello dei delle di da nel nella con per che
het een van voor met op te bij aan
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Take the endings of number and tense off a word, so that its forms meet.

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
