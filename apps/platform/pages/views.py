"""Does everything work? The health of each part, as the registry knows it."""

from django.http import HttpRequest, HttpResponse

from apps.platform.pages.shell import page, staff_page


@staff_page()
def status(request: HttpRequest) -> HttpResponse:
    """Does everything work, and if not, what do readers notice?"""
    return page(request, "platform/status.html", title="Status")
