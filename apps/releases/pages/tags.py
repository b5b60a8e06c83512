"""The template library `releases`: a release's state in the same words and shape on every page."""

from django.template import Library

from apps.releases.pages import verdicts

register = Library()
register.simple_tag(verdicts.state_mark, name="release_state")
