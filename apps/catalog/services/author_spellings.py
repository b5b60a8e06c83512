"""One spelling for an author whose initials are written in several ways: that which the catalogue has already."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.catalog.models import Author
from epicml.text.authors import same_author


@dataclass(slots=True)
class AuthorSpellings:
    """The spelling of each author with initials that was met first, in the catalogue or in this import."""

    spellings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_catalogue(cls) -> "AuthorSpellings":
        """Read those that the catalogue has; names without initials have one spelling and are not kept."""
        found = cls()
        for name in Author.objects.order_by("id").values_list("name", flat=True).iterator():
            found.one_of(name)
        return found

    def one_of(self, name: str) -> str:
        """Return the spelling of this author."""
        same = same_author(name)
        return name if same == name else self.spellings.setdefault(same, name)

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the spellings of these authors, each once."""
        return tuple(dict.fromkeys(map(self.one_of, names)))
