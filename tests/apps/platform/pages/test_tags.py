from django.template import Context, Template


def shown(source: str, **values: object) -> str:
    return Template("{% load epicml %}" + source).render(Context(values))


class TestFilters:
    def test_write_figures_as_the_formats_do(self) -> None:
        assert shown("{{ n|thousands }} {{ s|percent }} {{ x|score }}", n=21836, s=0.041, x=0.0943) == (
            "21,836 4.1\u202f% .0943"
        )

    def test_count_with_the_noun(self) -> None:
        assert shown('{{ n|counted:"reader" }}', n=2) == "2 readers"


class TestMark:
    def test_has_a_shape_a_word_and_a_state(self) -> None:
        drawn = shown('{% mark "watch" word %}', word="2 <warnings>")
        assert 'data-state="watch"' in drawn
        assert "<svg" in drawn
        assert "2 &lt;warnings&gt;" in drawn


class TestCover:
    def test_is_the_same_for_the_same_title_and_escapes_it(self) -> None:
        assert shown("{% cover title %}", title="<Holes>") == shown("{% cover title %}", title="<Holes>")
        assert ">H</text>" in shown("{% cover title %}", title="<Holes>")
        assert ">?</text>" in shown("{% cover title %}", title="…")


class TestShareBar:
    def test_is_as_long_as_the_share_and_never_longer(self) -> None:
        assert 'width="41.00"' in shown("{% share_bar share %}", share=0.41)
        assert 'width="100.00"' in shown("{% share_bar share %}", share=7.0)

    def test_says_in_words_what_it_shows_where_nothing_else_does(self) -> None:
        assert 'aria-label="half &quot;done&quot;"' in shown(
            "{% share_bar share text %}", share=0.5, text='half "done"'
        )
