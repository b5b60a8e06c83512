"""The staff site: django-unfold's settings and the sidebar by product. An entry appears with the app that serves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

# The hue of the accent (#12649c) in every weight that unfold's own parts use.
PRIMARY = {
    "50": "oklch(97% .014 240)",
    "100": "oklch(94% .03 240)",
    "200": "oklch(88% .055 240)",
    "300": "oklch(80% .085 240)",
    "400": "oklch(75% .11 240)",
    "500": "oklch(70% .12 240)",
    "600": "oklch(48% .115 245)",
    "700": "oklch(42% .105 245)",
    "800": "oklch(36% .09 245)",
    "900": "oklch(30% .07 245)",
    "950": "oklch(24% .05 245)",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar; `also` is an address elsewhere whose pages belong to it."""

    title: str
    icon: str
    url: str
    permission: str = ""
    also: str = ""

    @property
    def address(self) -> str:
        """Return the address; empty where no app serves it."""
        try:
            return reverse(self.url)
        except NoReverseMatch:
            return ""

    def match_length(self, path: str) -> int:
        """Return how much of this path belongs to the entry: all of its own address, or what lies below it."""
        if path == self.address:
            return len(path)
        below = [own for own in (self.address, self.also) if own and path.startswith(own)]
        return max(map(len, below), default=0) if self.url != "admin:index" else 0


READER_PAGES = "/admin/recommendations/readers/"
SIDEBAR: Mapping[str, tuple[Entry, ...]] = {
    "Overview": (Entry("Overview", "speed", "admin:index"), Entry("Status", "monitor_heart", "status")),
    "Catalogue": (
        Entry("Books", "menu_book", "admin:catalog_book_changelist", "catalog.view_book"),
        Entry("Changes", "history", "admin:catalog_change_changelist", "catalog.view_change"),
    ),
    "Readers": (Entry("Readers", "face", "admin:readers_reader_changelist", "readers.view_reader", also=READER_PAGES),),
    "Search": (Entry("Index", "manage_search", "search-index", "releases.view_release"),),
    "Recommendations": (Entry("Models", "hub", "models", "releases.view_release"),),
    "Releases": (Entry("Releases", "deployed_code", "releases", "releases.view_release"),),
    "Jobs": (
        Entry("Jobs", "checklist", "admin:jobs_job_changelist", "jobs.view_job"),
        Entry("Attempts", "history", "admin:jobs_attempt_changelist", "jobs.view_attempt"),
        Entry("Purges", "delete_sweep", "admin:jobs_purge_changelist", "jobs.view_purge"),
    ),
    "API": (Entry("API keys", "key", "admin:platform_apikey_changelist", "platform.view_apikey"),),
    "Staff": (
        Entry("Accounts", "group", "admin:auth_user_changelist", "auth.view_user"),
        Entry("Audit", "policy", "admin:platform_auditentry_changelist", "platform.view_auditentry"),
        Entry("Failed log-ins", "lock", "admin:axes_accessattempt_changelist", "axes.view_accessattempt"),
    ),
}


def active_entry(path: str) -> Entry | None:
    """Find the one entry that this path belongs to most closely."""
    entries = [entry for group in SIDEBAR.values() for entry in group]
    best = max(entries, key=lambda entry: entry.match_length(path))
    return best if best.match_length(path) else None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar for this visitor, with how many releases wait for a decision."""
    active = active_entry(request.path)
    return [
        {"title": title, "items": [_item(entry, request, active=entry is active) for entry in entries if entry.address]}
        for title, entries in SIDEBAR.items()
    ]


def _item(entry: Entry, request: HttpRequest, *, active: bool) -> dict[str, Any]:
    allowed = not entry.permission or request.user.has_perm(entry.permission)
    badge = waiting_badge() if entry.url == "releases" and allowed else ""
    return {
        "title": entry.title,
        "icon": entry.icon,
        "link": entry.address,
        # A callable: unfold's own test looks for the address anywhere in the path, so Releases lit up under Readers.
        "active": lambda request: active,
        "permission": lambda request: allowed,
        **({"badge": badge} if badge else {}),
    }


def waiting_badge() -> str:
    """Write 1 waits, 2 wait, or nothing."""
    from apps.releases.selectors.listing import releases_waiting  # settings are read before any model may be imported

    count = len(releases_waiting())
    return f"{count} wait{'s' if count == 1 else ''}" if count else ""


def unfold_settings(*, demo: bool) -> dict[str, Any]:
    """Return what UNFOLD is set to."""
    return {
        "SITE_TITLE": "epicml staff",
        "SITE_HEADER": "epicml",
        "SITE_SUBHEADER": "staff",
        "SITE_SYMBOL": "auto_stories",
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("epicml/favicon.svg")}],
        "SITE_URL": "/" if demo else None,
        "SHOW_VIEW_ON_SITE": False,
        "BORDER_RADIUS": "6px",
        "COLORS": {"primary": PRIMARY},
        "ENVIRONMENT": ["Demo data", "warning"] if demo else None,
        "STYLES": [lambda request: static("epicml/staff.css")],
        "DASHBOARD_CALLBACK": "apps.platform.pages.overview.dashboard",
        "SIDEBAR": {"navigation": "config.staff.navigation"},
    }
