import pytest
from django.http import QueryDict

from apps.platform.api.pagination import LARGEST_PAGE, LAST_PAGE, Page, PagesQuery, page_answer, page_of
from apps.platform.api.parsing import InvalidInputError
from apps.platform.api.shapes import read


def page(query: str) -> Page:
    return page_of(read(PagesQuery, QueryDict(query)))


class TestPagesQuery:
    def test_is_the_first_where_none_is_asked_for(self) -> None:
        assert page("") == Page(1, 20)

    def test_cuts_a_list_without_gap_or_overlap(self) -> None:
        whole = list(range(10))
        pages = [page(f"page={number}&page_size=4") for number in (1, 2, 3, 4)]
        assert [whole[part.start : part.stop] for part in pages] == [whole[:4], whole[4:8], whole[8:], []]

    @pytest.mark.parametrize("query", [f"page={LAST_PAGE}", f"page_size={LARGEST_PAGE}", "page_size=1"])
    def test_takes_the_ends_of_what_is_allowed(self, query: str) -> None:
        page(query)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("page=0", "page"),
            ("page=-1", "page"),
            (f"page={LAST_PAGE + 1}", "page"),
            ("page=1.5", "page"),
            ("page=", "page"),
            ("page_size=0", "page_size"),
            (f"page_size={LARGEST_PAGE + 1}", "page_size"),
        ],
    )
    def test_names_what_is_not_allowed(self, query: str, field: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            page(query)
        assert list(caught.value.fields) == [field]


class TestPageAnswer:
    def test_says_which_part_of_how_much_it_is(self) -> None:
        assert page_answer(("a", "b"), page=Page(3, 2), total=6) == {
            "items": ["a", "b"],
            "page": 3,
            "page_size": 2,
            "total": 6,
        }
