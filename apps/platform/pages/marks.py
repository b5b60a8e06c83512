"""The five states a thing can be in, each with its own shape, so that no state is told by colour alone."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

BETTER, WORSE, WATCH, UNKNOWN, RUNNING = ("better", "worse", "watch", "unknown", "running")

_DRAWINGS = {
    # check in a circle
    BETTER: '<circle cx="8" cy="8" r="6.75"/><path d="M4.9 8.3l2.1 2.1 4.1-4.5"/>',
    # cross in an octagon, filled
    WORSE: '<path class="e-solid" fill="currentColor" d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z"/>'
    '<path stroke="var(--e-surface)" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"/>',
    # triangle with a stroke and a dot
    WATCH: '<path d="M8 1.9l6.6 11.7H1.4z"/><path d="M8 6.2v3.6M8 11.4v.4"/>',
    # dashed circle with a bar
    UNKNOWN: '<circle cx="8" cy="8" r="6.75" stroke-linecap="butt" stroke-dasharray="2.65 1.59"/>'
    '<path d="M5.4 8h5.2"/>',
    # circle with its left half filled
    RUNNING: '<circle cx="8" cy="8" r="6.75"/><path fill="currentColor" d="M8 1.25a6.75 6.75 0 0 0 0 13.5z"/>',
}


def shape(state: str) -> SafeString:
    """Draw the state's shape alone, for where a word stands beside it already."""
    return format_html(
        '<svg class="e-shape" data-state="{}" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        state,
        SafeString(_DRAWINGS[state]),
    )


def mark(state: str, word: str) -> SafeString:
    """Draw shape, word and colour of a state."""
    return format_html('<span class="e-state" data-state="{}">{}<span>{}</span></span>', state, shape(state), word)
