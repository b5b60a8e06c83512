"""What a test of the storefront reads on the page."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect


def home_of(page: Page) -> list[str]:
    """The books on the page, by key."""
    return [
        str(key) for key in page.locator("[data-book]").evaluate_all("books => books.map(book => book.dataset.book)")
    ]


def options(page: Page) -> Locator:
    """The suggestions; the choice of reader has options too."""
    return page.locator("#suggestion-list").get_by_role("option")


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def typed(page: Page, text: str) -> None:
    """Have this text in the box at once: key by key a busy browser asks for its beginnings too, and shows these."""
    page.get_by_role("combobox", name="Search").fill(text)
    expect(options(page).first).to_be_visible()


def home_of_when_loaded(page: Page) -> list[str]:
    expect(page.locator("[data-book]").first).to_be_visible()
    return home_of(page)
