"""One way to write a language: "en", whether the source says "eng", "en-US" or "EN"."""

import re

UNKNOWN = "und"  # ISO 639-2 for "undetermined"
TAG_FORM = r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{1,8})*"
_TAG = re.compile(TAG_FORM)
# ISO 639-2 codes, bibliographic and terminological, of languages that have a two-letter code. Others stay as they are.
_THREE_LETTERS = """
aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az bak:ba bam:bm baq:eu
bel:be ben:bn bih:bh bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs cha:ch che:ce chi:zh chu:cu chv:cv cor:kw
cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa
fij:fj fin:fi fra:fr fre:fr fry:fy ful:ff geo:ka ger:de gla:gd gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha
heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is
ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj
kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk
mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny
oci:oc oji:oj ori:or orm:om oss:os pan:pa per:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru
sag:sg san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss
sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr
twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
"""
TWO_LETTERS = dict(pair.split(":") for pair in _THREE_LETTERS.split())


class UnknownLanguageError(ValueError):
    """What is given is no language code."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no language code such as en, eng or en-GB.")


def language_code(text: str) -> str:
    """Return the language of a code in ISO 639 or BCP 47, without region or script.

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
