"""Which secret key data were made under, told without telling the key."""

from pathlib import Path

from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.platform.services.backup.manifest import SECRET_KEY as FILE
from apps.platform.services.backup.manifest import BackupManifest, KeyMark
from apps.platform.services.errors import ConflictError

FINGERPRINT_LETTERS = 16


class KeyFromEnvironmentError(ConflictError):
    """The key is not this software's to copy."""

    code = "key_from_environment"

    def __init__(self) -> None:
        super().__init__("SECRET_KEY comes from the environment: keep it there, a backup does not take it along.")


class OtherKeyError(ConflictError):
    """The backup was made under another secret key than the one that is set."""

    code = "other_key"

    def __init__(self, folder: Path, key: KeyMark) -> None:
        held = (
            f"The backup holds it: copy {folder / FILE} to {{place}}." if key.included else "Put that key into {place}."
        )
        place = settings.SECRET_KEY_FILE or "SECRET_KEY"
        super().__init__(
            f"The backup was made under the secret key with the fingerprint {key.fingerprint}, and the one set here has"
            f" {fingerprint()}. {held.format(place=place)} Without it nobody can tell which readers were erased, and"
            " what was signed is void; --other-key goes on all the same."
        )


def fingerprint() -> str:
    """Return what tells two secret keys apart; nobody gets from it to the key."""
    return salted_hmac("apps.platform.backup", "fingerprint", algorithm="sha256").hexdigest()[:FINGERPRINT_LETTERS]


def key_mark(*, included: bool) -> KeyMark:
    """Return the key that is set here, as a backup names it."""
    if included and settings.SECRET_KEY_FILE is None:
        raise KeyFromEnvironmentError
    source = "environment" if settings.SECRET_KEY_FILE is None else "file"
    return KeyMark(fingerprint(), source, included)


def check_key(folder: Path, manifest: BackupManifest) -> None:
    """Refuse a key that is not the one of the backup, and say in one sentence where to put that."""
    if manifest.secret_key.fingerprint != fingerprint():
        raise OtherKeyError(folder, manifest.secret_key)
