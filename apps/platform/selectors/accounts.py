"""Which accounts of staff there are."""

from django.contrib.auth import get_user_model


def account_name(username: str) -> str:
    """The account of this name as the audit names it; "" where there is none, for people type passwords here."""
    names = get_user_model().objects.filter(username=username) if "\0" not in username else ()
    return f"staff {username}" if names else ""
