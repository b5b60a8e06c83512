"""The staff pages' template tags and filters; the settings register this module as the library `epicml`."""

from zlib import crc32

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.platform.pages import interval, marks
from apps.platform.services import formats
from apps.platform.services.logs import request_id

register = Library()

for _format in formats.FILTERS:
    register.filter(_format.__name__, _format)

register.simple_tag(marks.mark)
register.simple_tag(marks.shape)
register.simple_tag(interval.ticks_svg, name="ticks")
register.simple_tag(interval.pill)


@register.simple_tag(name="request_id")
def shown_request_id() -> str:
    """Return what the log calls this request, so that a person can say which one failed."""
    return request_id.get()


COVER_COLORS = (
    "#4a3566", "#2c5a48", "#1d5a78", "#5b3a22", "#8a5a14", "#78302f", "#3b4a6b", "#5a5a2a", "#6b2f55", "#2f6168",
)  # fmt: skip


@register.simple_tag
def cover(title: str) -> SafeString:
    """Draw a small cover from the title: the same title always has the same colour."""
    color = COVER_COLORS[crc32(title.encode()) % len(COVER_COLORS)]
    return format_html(
        '<svg class="e-cover" viewBox="0 0 34 48" aria-hidden="true"><rect width="34" height="48" fill="{}"/>'
        '<text x="17" y="30" text-anchor="middle" font-family="Georgia, serif" font-size="18" fill="#fff">{}</text>'
        "</svg>",
        color,
        next((letter for letter in title if letter.isalnum()), "?").upper(),
    )


@register.simple_tag
def share_bar(share: float, text: str = "") -> SafeString:
    """Draw a bar as long as the share, for a table's row or a job's progress."""
    return format_html(
        '<svg class="e-progress" {} viewBox="0 0 100 6" preserveAspectRatio="none"><rect class="e-track" width="100"'
        ' height="6"/><rect class="e-fill" width="{}" height="6"/></svg>',
        format_html('role="img" aria-label="{}"', text) if text else SafeString('aria-hidden="true"'),
        f"{100 * min(max(share, 0.0), 1.0):.2f}",
    )
