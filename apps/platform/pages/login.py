"""The staff's log-in: locked by services.login_locks, on record in the audit, answered in the shape of the house."""

import logging
import math
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.platform.pages.shell import actor_of
from apps.platform.selectors.accounts import account_name, name_hash
from apps.platform.services import login_locks
from apps.platform.services.audit import Action, Actor, record
from apps.platform.services.login_locks import LoginAttempt
from apps.platform.services.passwords import RETRY_SECONDS, HashingBusyError

STAFF = "/admin/"
DEVICE_COOKIE = "epicml_device"
DEVICE_SALT = "apps.platform.device"
DEVICE_KEPT_FOR = timedelta(days=90)

logger = logging.getLogger(__name__)


class LoginHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """What axes asks and tells: the counts are those of login_locks, and nothing that a browser sent is kept."""

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        attempt = attempt_of(request, str((credentials or {}).get("username") or ""))
        until = login_locks.take_attempt(attempt, now=timezone.now())
        request.login_attempt = attempt  # type: ignore[attr-defined]
        request.login_until = until  # type: ignore[attr-defined]
        return until is None

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return getattr(request, "login_until", None) is not None

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
    ) -> None:
        attempt = getattr(request, "login_attempt", None)
        if request is None or attempt is None or self.is_locked(request):
            return  # a refused attempt is no new failure
        until = login_locks.next_attempt_at(attempt, now=timezone.now())
        by = Actor(account_name(str(credentials.get("username") or "")), actor_of(request).address)
        if until is None:
            _record_if_possible(Action.LOGIN_FAILED, by=by)
        else:
            _record_if_possible(Action.LOGIN_LOCKED, by=by, about=f"until {until:%H:%M:%S} UTC")

    def user_logged_in(self, sender: Any, request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
        attempt = getattr(request, "login_attempt", None)
        if attempt is not None:
            login_locks.forget_failures(attempt)
        record(Action.LOGGED_IN, by=actor_of(request, user), now=timezone.now())

    def user_logged_out(self, sender: Any, request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
        if user is not None:
            _record_if_possible(Action.LOGGED_OUT, by=actor_of(request, user))

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        hashed = name_hash(username) if username else None
        count: int = super().reset_attempts(ip_address=ip_address, username=hashed, ip_or_username=ip_or_username)
        return count


class StaffBackend(AxesStandaloneBackend, ModelBackend):  # type: ignore[misc]
    """Django's accounts, behind the locks."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        if request is not None:  # without one a program of ours asks, and nobody from outside
            super().authenticate(request, username=username, password=password, **kwargs)  # raises where it is locked
        try:
            return ModelBackend.authenticate(self, request, username=username, password=password, **kwargs)
        except HashingBusyError:
            if request is not None:
                login_locks.give_back(request.login_attempt)  # type: ignore[attr-defined]
            raise


class LoginMiddleware:
    """Around the pages where passwords are typed: what axes and the hashes refuse becomes a page that says when."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not request.path_info.startswith(STAFF):
            return self._get_response(request)
        if request.path_info == reverse("admin:password_change"):
            return self._change_password(request)
        response = self._get_response(request)
        if hasattr(request, "login_attempt") and request.user.is_authenticated:
            _remember_device(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, HashingBusyError):
            return None
        return _try_later(request, exception.message, seconds=RETRY_SECONDS, status=exception.status)

    def _change_password(self, request: HttpRequest) -> HttpResponse:
        """Let who found a session open guess the old password no more often than at the log-in."""
        now = timezone.now()
        attempt = attempt_of(request, request.user.get_username())
        until = login_locks.take_attempt(attempt, now=now)
        if until is not None:
            return _locked_page(request, until, now=now)
        response = self._get_response(request)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is None or "old_password" not in form.errors:
            login_locks.give_back(attempt)
        return response


def locked_page(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """Return what axes' middleware answers with instead of the page."""
    return _locked_page(request, request.login_until, now=timezone.now())  # type: ignore[attr-defined]


def attempt_of(request: HttpRequest, username: str) -> LoginAttempt:
    """Return who tries this name: by address, or by the device where somebody logged in with this name before."""
    hashed = name_hash(username)
    address = actor_of(request).address or login_locks.UNKNOWN_ADDRESS
    cookie = request.get_signed_cookie(DEVICE_COOKIE, "", salt=DEVICE_SALT, max_age=DEVICE_KEPT_FOR)
    known_name, _, device = (cookie or "").partition(".")
    return LoginAttempt(hashed, address, device if known_name == hashed else "")


def _remember_device(request: HttpRequest, response: HttpResponse) -> None:
    """Know this browser for this name from now on."""
    value = f"{name_hash(request.user.get_username())}.{secrets.token_hex(16)}"
    response.set_signed_cookie(
        DEVICE_COOKIE,
        value,
        salt=DEVICE_SALT,
        max_age=DEVICE_KEPT_FOR,
        path=STAFF,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def _record_if_possible(action: str, *, by: Actor, about: str = "") -> None:
    """Record it as far as that can be written: the attempt has failed either way, and who logs out is logged out."""
    try:
        record(action, by=by, about=about, now=timezone.now())
    except DatabaseError:
        logger.exception("%s is not in the audit", action)


def _locked_page(request: HttpRequest, until: datetime, *, now: datetime) -> HttpResponse:
    seconds = max(1, math.ceil((until - now).total_seconds()))
    wait = f"{seconds} second{'' if seconds == 1 else 's'}" if seconds <= 90 else f"{math.ceil(seconds / 60)} minutes"
    reason = f"Too many log-ins have failed. Try again in {wait}, after {until:%H:%M:%S} UTC."
    return _try_later(request, reason, seconds=seconds, status=429)


def _try_later(request: HttpRequest, reason: str, *, seconds: int, status: int) -> HttpResponse:
    answer = render(request, "epicml/try_later.html", {"reason": reason}, status=status)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer
