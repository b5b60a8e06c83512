"""Languages by their names, in English and in themselves, as spreadsheets have them."""

from epicml.text.languages import TWO_LETTERS, UnknownLanguageError, language_code
from epicml.text.normalise import folded

_NAMES = """
en english|de german deutsch|fr french francais|es spanish espanol castilian castellano|it italian italiano
nl dutch nederlands flemish|pt portuguese portugues|sv swedish svenska|da danish dansk|no norwegian norsk
fi finnish suomi|is icelandic|pl polish polski|cs czech cestina|sk slovak|sl slovenian slovene
hr croatian hrvatski|sr serbian|hu hungarian magyar|ro romanian|bg bulgarian|ru russian русскии
uk ukrainian українська|el greek|tr turkish turkce|ar arabic العربية|he hebrew|fa persian farsi
hi hindi|bn bengali|ur urdu|ta tamil|zh chinese mandarin 中文|ja japanese 日本語|ko korean 한국어
vi vietnamese|th thai|id indonesian|ms malay|tl tagalog filipino|sw swahili|la latin|ga irish gaelic
cy welsh cymraeg|ca catalan|eu basque|gl galician|et estonian|lv latvian|lt lithuanian|sq albanian|mk macedonian
eo esperanto|yi yiddish|af afrikaans|so somali
"""
_CODES = {
    folded(name): words[0]
    for group in _NAMES.replace("\n", "|").split("|")
    if (words := group.split())
    for name in words[1:]
}


def language_in(text: str) -> str:
    """Find the first language that a text names by code or name.

    Args:
        text: "eng", "en-US", "English", "en; fr", "engfre" as MARC joins codes; blank where none is known.

    Returns:
        Two letters where ISO 639-1 has them, else three; "und" for blank text.

    Raises:
        UnknownLanguageError: the text begins with no language.

    >>> [language_in(text) for text in ("eng", "English", "en; fr", "engfre", "Deutsch, English", "")]
    ['en', 'en', 'en', 'en', 'de', 'und']
    """
    first = text.strip()
    for sign in "|;,/\n\x1f":
        first = first.partition(sign)[0].strip()
    first = first.strip(" .[]'\"")
    if named := _CODES.get(folded(first).split("(")[0].strip()):
        return named
    if len(first) > 3 and len(first) % 3 == 0 and first[:3].lower() in TWO_LETTERS and first.isalpha():
        return TWO_LETTERS[first[:3].lower()]
    try:
        return language_code(first)
    except UnknownLanguageError as error:
        raise UnknownLanguageError(text) from error
