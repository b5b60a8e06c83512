"""What the demo remembers of itself: which data it loaded, and the public keys of its storefront."""

from django.db import models


class Preparation(models.Model):
    """A step of `manage.py demo` that was done, and a fingerprint of what it was done with."""

    step = models.CharField(max_length=40, unique=True)
    fingerprint = models.CharField(max_length=64)
    done_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.step} {self.fingerprint[:12]}"


class StorefrontKey(models.Model):
    """The public key of the storefront at one origin. Its secret stands in every page served there, so also here."""

    origin = models.CharField(max_length=255, unique=True)
    secret = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.origin
