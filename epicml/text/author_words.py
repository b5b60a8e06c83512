"""Words in a catalogue's statement of authors that are no names, and words by which a body is told from a person."""

import re

# Roles as catalogues write them, in their usual languages; a part of a statement that is only such words names nobody.
_ROLE_WORDS = """
author authors auth aut writer writers written text story illustrator illustrators illustrated illustration
illustrations illus illust ill ills ilustrador ilustraciones illustriert illustrateur illustratrice pictures drawings
artist artists art photographer photographers photograph photographs photos photogr editor editors edited ed eds edt
hrsg herausgeber translator translators translated translation trans tr trl traducteur traductor übersetzt übersetzer
übers narrator narrators narrated reader read adapter adapters adapted adaptation adaptor retold reteller retelling
compiler compilers compiled comp contributor contributors contrib ctb foreword introduction introd intro preface
afterword creator creators created cre designer designers designed colorist colourist colorists letterer inker
penciller penciler coauthor abridged abridger selected directed director composer publisher pbl pseud
decorations decorated drawn painted told
"""
ROLES = frozenset(_ROLE_WORDS.split())
BESIDE_ROLES = frozenset(
    ["the", "joint", "co", "series", "general", "chief", "original", "cover", "primary", "main", "and", "&", "/"]
)
BY = frozenset(["by", "von", "par", "por"])
# Words for a role that are given names too when they begin with a capital: Ed Young, Art Spiegelman.
ROLES_AND_NAMES = frozenset(("ed", "art", "read", "reader", "text", "story", "comp", "tr", "writer"))
ROLE_AFTER = re.compile(r"\s+(?:\(?(?:ill|illus|ed|eds|trans|tr|comp|adapt)\.\)?)$", re.IGNORECASE)
OTHERS = re.compile(
    r"(?:,|;|\band\b|&)?\s*[\[(]?\s*\b(?:et\.? al(?:ii|ia|\.)?|and (?:\w+ )?others|u\. ?a\.|i dr\.|\.\.\.)"
    r"\s*[\])]?\.?\s*$",
    re.IGNORECASE,
)
DATES = re.compile(
    r"(?=.*\d)(?:(?:active|approximately|approx|about|born|died|b|d|c|ca|circa|fl|flourished|or|and|between|before|after|"
    r"century|centuries|cent|bce?|b\.\s?c|ad|a\.\s?d|ce|geb|gest|né|née|jh|th|st|nd|rd|\d{1,4}(?:th|st|nd|rd)?)\b|"
    r"[-–—?*†.,/~\s])+",
    re.IGNORECASE,
)
DATES_BEFORE = re.compile(r"\d{3,4}\??\s?[-–—]\s?(?:\d{3,4}\??)?[.,]?\s+(?=[a-z(\[])")
DATES_AFTER = re.compile(r"\s+(?:\d{3,4}\??\s?[-–—]\s?(?:\d{3,4}\??)?|[bd]\.\s?\d{4}|born \d{4})\.?$", re.IGNORECASE)
SUFFIX = re.compile(r"(?P<young>jr|sr|junior|senior)\.?|(?P<roman>ii|iii|iv)|(?P<roman_v>V)", re.IGNORECASE)
# Degrees and orders are no part of a name: with and without them it is one author.
DEGREE = re.compile(
    r"(?:Ph\.?\s?[Dd]|PHD|M\.?\s?D|Ed\.?\s?[DM]|Psy\.?\s?D|D\.?\s?D\.?S|M\.?\s?A|B\.?\s?A|M\.?\s?S\.?[Cc]?|B\.?\s?S\.?[Cc]|LL\.?\s?D|"
    r"Esq|RN|OBE|MBE|CBE|S\.?\s?J|M\.?\s?Ed|MFA|MBA|DVM)\.?"
)
DEGREE_AFTER = re.compile(r"\s+(?:Ph\.?\s?D|M\.?D|Ed\.?\s?D|Psy\.?\s?D|Esq)\.?$")
OTHER_PEOPLE = frozenset(("others", "other authors", "andere", "autres", "al"))
ROLE_AFTER_DASH = re.compile(r"\s[-–—]\s([^-–—]+)$")
TITLE = re.compile(
    r"(?:sir|dame|lord|lady|dr|mrs|mr|ms|miss|rev|reverend|prof|professor|saint|herr|frau|graf|gräfin|freiherr|"
    r"comte|comtesse|marquis|baron|baroness|conte|count|countess)\.?",
    re.IGNORECASE,
)
HONORIFIC = re.compile(
    r"(?:(?:king|queen|pope|emperor|empress|prince|princess|duke|duchess|earl|count|countess|baron|baroness|"
    r"archbishop|bishop|saint)\s+of\b.*|\d+(?:st|nd|rd|th)\s+(?:baron|earl|duke|marquess|viscount)\b.*)\.?",
    re.IGNORECASE,
)
_PARTICLES = """
de del della delle dell degli di da das do dos du des d' la le les l' el al af av van von vom zu zum zur der den het
ten ter te op in bin ibn ben abu st st. saint mac ó o' ní nic san santa y e
"""
PARTICLES = frozenset(_PARTICLES.split())
LEGAL_FORM = re.compile(
    r"(?:and |& )?(?:ltd|limited|inc|incorporated|llc|llp|plc|gmbh|ag|kg|co|company|corp|corporation|s\.?a|s\.?r\.?l|"
    r"pty|b\.?v|oy|ab|a/s|verlag)\.?(?:\s+(?:ltd|limited|inc|kg|co|pty)\.?)*",
    re.IGNORECASE,
)
BODY = re.compile(
    r"\b(?:ltd|limited|inc|incorporated|llc|gmbh|company|corp|corporation|press|publish(?:ing|ers?|ed)|publications?|books|"
    r"institut(?:e|ion|ions|o)|museums?|musée|society|societies|association|university|universität|universidad|universit[éy]|"
    r"college|schools?|department|dept|ministry|office|bureau|agency|council|commission|committee|board|library|libraries|"
    r"bibliothek|foundation|trust|fund|federation|league|union|church|editors|editorial|staff|team|group|studios?|"
    r"productions|pictures|entertainment|magazine|journal|media|firm|brothers|bros|verlag|éditions|ediciones|edizioni|geographic|"
    r"national|international|united states|united nations|government|academy|orchestra|theat(?:re|er)|club|"
    r"centre|center|laboratory|encyclop(?:a|æ)?edia|homes|gardens|kitchens?|disney|lego)\b",
    re.IGNORECASE,
)
# Houses whose names read like those of several people.
HOUSES = frozenset(
    """
    barnes & noble|black & white|black dog & leventhal|chatto & windus|coward mccann & geoghegan|crowell & co|
    dodd mead|farrar straus & giroux|farrar & rinehart|faber & faber|funk & wagnalls|grosset & dunlap|harcourt brace|
    harper & brothers|harper & row|hodder & stoughton|holt rinehart & winston|houghton mifflin|
    houghton mifflin harcourt|johnson & johnson|jones & bartlett|little brown|little brown & co|
    lothrop lee & shepard|marks & spencer|
    mcgraw hill|mcnally & loftin|millbrook|price stern sloan|rand mcnally|reynal & hitchcock|rowman & littlefield|
    sheed & ward|sidgwick & jackson|simon & schuster|smith & kraus|stewart tabori & chang|taylor & francis|
    thames & hudson|usborne|watson & guptill|weidenfeld & nicolson|wiley|
    """.replace("\n", "")
    .replace("    ", "")
    .strip("|")
    .split("|")
)


def is_role(text: str) -> bool:
    """Tell whether the text names a role and nobody.

    >>> is_role("author and illustrator"), is_role("Illustrated by"), is_role("Mary GrandPré")
    (True, True, False)
    """
    words = [_bare(word) for word in text.split()]
    return all(word in ROLES or word in BESIDE_ROLES or word in BY for word in words) and not ROLES.isdisjoint(words)


def without_role_before(text: str) -> str:
    """Drop "Illustrated by", "by" or "Author:" before a name.

    >>> without_role_before("retold and illustrated by Jane Yolen"), without_role_before("By Jove Smith")
    ('Jane Yolen', 'Jove Smith')
    """
    words = text.split()
    for number, word in enumerate(words[:-1]):
        if _bare(word) in BY or (_bare(word) in ROLES and word.endswith(":")):
            return " ".join(words[number + 1 :])
        if _bare(word) not in ROLES and _bare(word) not in BESIDE_ROLES:
            break
    return text


def _bare(word: str) -> str:
    return word.casefold().strip(".,:;()[]")
