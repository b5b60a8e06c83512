"""Which accounts of staff there are. Names that were typed at the log-in are known by their keyed hash only."""

from django.contrib.auth import get_user_model
from django.utils.crypto import salted_hmac


def name_hash(username: str) -> str:
    """Return what is stored of a name that was typed."""
    return salted_hmac("apps.platform.login", username, algorithm="sha256").hexdigest()


def account_name(username: str) -> str:
    """Return the account of this name as the audit names it; "" where there is none, for people type passwords here."""
    known = "\0" not in username and get_user_model().objects.filter(username=username).exists()
    return f"staff {username}" if known else ""


def account_of_hash(hashed: str) -> str:
    """Return the name of the account that has this hash; "" where none has."""
    names = get_user_model().objects.values_list("username", flat=True)
    return next((name for name in names if name_hash(name) == hashed), "")
