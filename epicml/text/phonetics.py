"""What a word sounds like: children write what they hear, so words that sound alike share a phonetic key."""

import re
from functools import lru_cache

# Applied in order, each to what the one before it left. Capitals stand for sounds that no single letter has:
# S as in ship, C as in church, T as in thin, R a vowel followed by r.
RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"^rh", "r"),
        (r"^x", "s"),
        (r"wh", "w"),
        (r"(?:augh|ough)(?=t)", "o"),
        (r"(?:augh|ough)$", "uf"),
        (r"igh", "i"),
        (r"gh", "g"),
        (r"ph", "f"),
        (r"sch", "sk"),
        (r"tch|ch", "C"),
        (r"(?:tion|sion|cian|sh[aeiou]n|si[aeiou]n|tien)", "Sn"),
        (r"[ct]i(?=[aeiou])", "S"),
        (r"sh|su(?=re)", "S"),
        (r"t(?=ur)", "C"),
        (r"dge|g(?=[eiy])", "j"),
        (r"ck", "k"),
        (r"sc(?=[eiy])|c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"qu", "kw"),
        (r"q", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"mb$", "m"),
        (r"mn$", "m"),
        (r"th", "T"),
        (r"(?<!l)le$", "el"),
        (r"(?<!r)re$", "er"),
        (r"(?<=.)e$", ""),
        (r"(.)\1+", r"\1"),
        (r"[aeiouy]r(?![aeiouy])", "R"),
        (r"(?<=[aeiouy])h", ""),
        (r"^[aeiouy]", "a"),
        (r"(?<=.)[aeiouy]", ""),
    )
)


@lru_cache(maxsize=8192)
def phonetic_key(word: str) -> str:
    """Write a word as it sounds: its consonants as they are spoken, and that it begins with a vowel.

    Args:
        word: one word in normal form (see normalise.words).

    Returns:
        Lower-case letters, and S, C, T, R for sounds written with two letters. Digits stay.

    >>> phonetic_key("knight") == phonetic_key("nite"), phonetic_key("physics") == phonetic_key("fisiks")
    (True, True)
    >>> phonetic_key("hary") == phonetic_key("harry")
    True
    >>> phonetic_key("adventure") == phonetic_key("edvenchur")
    True
    """
    for pattern, sound in RULES:
        word = pattern.sub(sound, word)
    return word
