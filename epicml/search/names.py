"""Whether a name goes on like what was typed: the rule by which authors and series are suggested."""

from functools import lru_cache

from epicml.search.fields import form_of
from epicml.search.plan import Typed
from epicml.text.variants import by_initials, variants

REMEMBERED = 20_000  # names; about 300 bytes each


@lru_cache(maxsize=REMEMBERED)
def name_forms(name: str) -> tuple[str, ...]:
    """Every way to read a name, between underscores, given names also as initials.

    >>> name_forms("Edgar Rice Burroughs")
    ('_edgar_rice_burroughs_', '_er_burroughs_')
    """
    found = variants(name)
    return tuple(dict.fromkeys(f"_{form_of(variant)}_" for variant in (*found, *map(by_initials, found))))


def goes_on_like(name: str, typed: Typed) -> bool:
    """Whether what was typed begins one of the words of a name and goes on like it, in any variant of both.

    >>> goes_on_like("J.R.R. Tolkien", Typed.read("jrr")), goes_on_like("J.R.R. Tolkien", Typed.read("tolkiens"))
    (True, False)
    """
    return any("_" + variant.form in form for variant in typed.variants for form in name_forms(name))
