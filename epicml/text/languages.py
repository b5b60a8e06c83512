"""One way to write a language: "en", whether the source says "eng", "en-US" or "EN"."""

import re

UNKNOWN = "und"  # ISO 639-2 for "undetermined"
_TAG = re.compile(r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{1,8})*")
# ISO 639-2 codes, bibliographic and terminological, of languages that have a two-letter code. Others stay as they are.
_THREE_LETTERS = """
afr:af alb:sq sqi:sq amh:am ara:ar arm:hy hye:hy aze:az baq:eu eus:eu bel:be ben:bn bos:bs bul:bg bur:my mya:my cat:ca
chi:zh zho:zh cym:cy wel:cy cze:cs ces:cs dan:da dut:nl nld:nl eng:en epo:eo est:et fas:fa per:fa fin:fi fre:fr fra:fr
geo:ka kat:ka ger:de deu:de gle:ga glg:gl gre:el ell:el guj:gu hau:ha heb:he hin:hi hrv:hr hun:hu ibo:ig ice:is isl:is
ind:id ita:it jpn:ja kan:kn kaz:kk khm:km kor:ko kur:ku lao:lo lat:la lav:lv lit:lt ltz:lb mac:mk mkd:mk mal:ml mar:mr
may:ms msa:ms mlt:mt mon:mn nep:ne nno:nn nob:nb nor:no pan:pa pol:pl por:pt pus:ps rum:ro ron:ro rus:ru sin:si slo:sk
slk:sk slv:sl som:so spa:es srp:sr swa:sw swe:sv tam:ta tel:te tgl:tl tha:th tib:bo bod:bo tur:tr ukr:uk urd:ur uzb:uz
vie:vi xho:xh yid:yi yor:yo zul:zu
"""
TWO_LETTERS = dict(pair.split(":") for pair in _THREE_LETTERS.split())


class UnknownLanguageError(ValueError):
    """What is given is no language code."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no language code such as en, eng or en-GB.")


def language_code(text: str) -> str:
    """The language of a code in ISO 639 or BCP 47, without region or script.

    Args:
        text: the code in any case; blank where the language is not known.

    Returns:
        Two letters where ISO 639-1 has them, else three; "und" for blank text.

    Raises:
        UnknownLanguageError: the text does not have the form of a language code.

    Source: ISO 639-2 code list, Library of Congress.

    >>> [language_code(code) for code in ("eng", "en-US", "EN_gb", "ger", "fil", "")]
    ['en', 'en', 'en', 'de', 'fil', 'und']
    """
    if not text.strip():
        return UNKNOWN
    match = _TAG.fullmatch(text.strip())
    if match is None:
        raise UnknownLanguageError(text)
    primary = match[1].lower()
    return TWO_LETTERS.get(primary, primary)
