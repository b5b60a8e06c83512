from hypothesis import given
from hypothesis import strategies as st

from epicml.text.repairs import from_mojibake, without_entities

WESTERN = st.text(st.characters(codec="cp1252", categories=("L", "P", "Zs")), max_size=30)


class TestFromMojibake:
    @given(st.text(st.sampled_from("abc éèüñßøÅ’“—€"), max_size=20))
    def test_undoes_the_fault(self, text: str) -> None:
        assert from_mojibake(text.encode().decode("cp1252", errors="replace")) in {
            text,
            text.encode().decode("cp1252", errors="replace"),  # a byte was lost on the way: nobody can undo that
        }

    def test_undoes_it_where_it_was_done_twice(self) -> None:
        assert from_mojibake("é".encode().decode("cp1252").encode().decode("cp1252")) == "é"

    @given(st.text(st.sampled_from("abc éèüñßøÉÀÜ®°«»™’"), max_size=20))
    def test_leaves_sound_text_alone(self, text: str) -> None:
        assert from_mojibake(text) == text


class TestWithoutEntities:
    @given(WESTERN.filter(lambda text: "&" not in text))
    def test_undoes_one_and_two_encodings(self, text: str) -> None:
        once = "".join(f"&#{ord(sign)};" for sign in text)
        assert without_entities(once) == text
        assert without_entities(once.replace("&", "&amp;")) == text

    def test_leaves_what_is_no_entity(self) -> None:
        assert without_entities("R&D; AT&T; Bold&notable; &nosuch;") == "R&D; AT&T; Bold&notable; &nosuch;"
