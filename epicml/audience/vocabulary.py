"""The words that headings about readers are made of: what is not here says nothing, and leaves a book to adults."""

import re

# What may stand beside the name of an audience without changing it: kinds of books, and the notes of those who shelve.
FORMS = (
    "e?books?|audiobooks?|audio|fic|fiction|non ?fic|science fiction and fantasy|encyclopedias and dictionaries|"
    "non ?fiction|lit|literature|stor(?:y|ies)|tales?|novels?|novellas?|poetry|poems?|verse|drama|plays|humou?r|"
    "works|materials?|titles|series|reads?|reading list|to read|classics?|fantasy|sci ?fi|scifi|science fiction|"
    "speculative|myster(?:y|ies)|romance|paranormal|dystopian?|urban|contemporary|historical|realistic|"
    "adventures?|horror|thrillers?|suspense|supernatural|graphic novels?|comics?|manga|picture|chapter|early|"
    "general|films|sound recordings|software|internet videos|songs|encyclopedias|dictionaries|atlases|"
    "biograph(?:y|ies)|collections?|section|shel(?:f|ves)|area|room|department|favou?rites?|my|owned|na|award|"
    "winners?|modern|new|best|"
    "first|beginner|bilingual|wordless|illustrated|lgbtq?"
)
PICTURE_BOOKS = (
    "picture ?books?|picture story ?books?|board ?books?|toy and movable books|lift the flap books|"
    "touch and feel books|j (?:pb|pic|picture ?books?)|nursery rhymes|"
    "(?:baby|toddler|preschool) (?:books?|stories)|(?:books?|stories) for (?:babies|toddlers|preschoolers)|"
    "caldecott(?: (?:award|medal|honou?r))?(?: (?:books?|winners?))?|(?:childrens?|kids) picture ?books?|"
    "picture ?books? (?:childrens|kids|juvenile)"
)
EARLY_READERS = (
    "chapter ?books?|early chapter ?books?|(?:early|easy|beginning|beginner|first|leveled|levelled) readers?|"
    "easy fiction|easy books|readers primary|i can read"
)
MIDDLE_GRADE = (
    "middle grades?|middle readers?|tweens?|preteens?(?= )|"
    "newbery(?: (?:award|medal|honou?r))?(?: (?:books?|winners?))?"
)
# A shelf of children's books, or a subject: "Children" heads thousands of books for parents and teachers.
PLAIN_CHILDREN = frozenset({"children", "child"})
ADULTS_ONLY = re.compile(
    r"erotic|\bporn|\bsmut\b|\bbdsm\b|\bhentai\b|\badults? only\b|\b18 ?\+|vaginal.fantasy|\bdark.romance\b"
)

# Classes that stand before the one that tells: "Books > Children's Books > Animals".
LEADING_CLASSES = frozenset(
    {"books", "ebooks", "e books", "kindle ebooks", "kindle store", "subjects", "all", "library"}
)
# What may follow a form in the last place.
LAST_SUBDIVISIONS = frozenset({"comic books strips etc", "pictorial works"})
# Books about books, whatever else their record says: of a picture book nobody writes the history.
STUDIES = frozenset(
    {"literary criticism", "history and criticism", "criticism", "authorship", "bibliography", "study and teaching"}
)
# Classes of books about books; what they say of children's literature is for those who study it.
ABOUT_BOOKS = frozenset(
    {
        "literary criticism", "history and criticism", "criticism", "authorship", "bibliography", "study and teaching",
        "books and reading", "language arts and disciplines", "education", "technique", "publishing", "marketing",
        "illustration", "book reviews", "censorship", "translations", "reviews", "parenting",
        "family and relationships", "psychology", "social science", "self help", "medical", "law", "true crime",
    }
)  # fmt: skip

# Thema: the interest age where one is given; the classes Y without it span childhood and youth.
_THEMA_AGES = {
    "b": 0, "c": 3, "d": 4, "f": 5, "g": 6, "h": 7, "j": 8, "k": 9, "l": 10, "m": 11, "n": 12, "p": 13, "q": 14,
    "s": 15, "t": 16,
}  # fmt: skip
THEMA_CLASSES = (
    *((re.compile(f"5a{letter}"), age) for letter, age in _THEMA_AGES.items()),
    (re.compile("yb[a-z]{0,2}[0-9]?"), 3),
    (re.compile("y[fn][a-z]{1,3}[0-9]{0,2}"), 12),
)
# Dewey as the Library of Congress prints it: easy books, children's fiction; "j" before a number: a children's room.
_CLASS_NUMBER, _EDITION = r"(?:\d{3}(?:\.\d+)?\s*)?", r"(?:[-\s]*(?:dc)?\s*\d{2}(?:/[a-z]{3})?)?"
DEWEY = (
    (re.compile(rf"{_CLASS_NUMBER}\[e\]{_EDITION}|e fic"), 6),
    (re.compile(rf"{_CLASS_NUMBER}\[fic\]{_EDITION}"), 12),
    (re.compile(r"\[j\]|j ?\d{3}(?:\.\d+)?"), 9),
    (re.compile(r"\[ya\]|ya ?\d{3}(?:\.\d+)?"), 15),
)

# By the name of what they say; the phrase comes without "'", with blanks for "-" and ",".
OTHER_LANGUAGES = {
    "PICTURE_BOOK": re.compile(
        "bilderb(?:uch|ücher)|pappbilderb(?:uch|ücher)|albums?(?: illustrés?)? jeunesse|"
        "libros? ilustrados? infantil(?:es)?|prentenboek(?:en)?|bilderböcker|billedbøger|albi illustrati|"
        "álbum(?:es)? ilustrados?|绘本|繪本|图画书|圖畫書|絵本|えほん|그림책|obrázkové knihy|"
        "książki obrazkowe|resimli kitaplar|"
        "книжки картинки|cuentos ilustrados infantiles"
    ),
    "EARLY_READER": re.compile("erstleseb(?:uch|ücher)|erstleser|premières lectures|primeras lecturas|prime letture"),
    "CHILDREN": re.compile(
        "kinderb(?:uch|ücher)|kinderliteratur|littérature enfantine|littérature (?:de |pour la )?jeunesse|"
        "(?:romans?|livres?|fiction|ouvrages?|documentaires?) (?:pour (?:la |les? )?)?(?:jeunesse|enfants?)|"
        "(?:literatura|libros?|novela|cuentos|poesía|ficção|livros?) infantil(?:es)?|"
        "letteratura per (?:l )?infanzia|(?:libri|letteratura|narrativa) per (?:bambini|ragazzi)|"
        "kinderboek(?:en)?|jeugdboek(?:en)?|barnböcker|barnlitteratur|børnebøger|barnebøker|lastenkirjat|"
        "literatura dziecięca|(?:libros?|cuentos?|literatura|poesía) para niños|livros? para crianças|"
        "(?:bd|bandes? dessinées?) jeunesse|детская литература|детские книги|儿童文学|兒童文學|"
        "儿童读物|兒童讀物|児童書|児童文学|童話|"
        "아동문학|동화|동화책|أدب الأطفال|كتب الأطفال|قصص الأطفال|dětská literatura|dětské knihy|knihy pro děti|"
        "gyermekirodalom|gyerekkönyvek?|παιδικά βιβλία|παιδική λογοτεχνία|çocuk kitapları|çocuk edebiyatı|"
        "lastenkirjallisuus|ספרי ילדים"
    ),
    "TEENAGERS": re.compile(
        "jugendb(?:uch|ücher)|jugendliteratur|kinder und jugendliteratur|"
        "(?:literatura|novela|libros?|ficção) juvenil(?:es)?|(?:literatura )?infantil (?:y|e|i) juvenil|"
        "romans? ados?|(?:romans?|littérature) (?:pour )?adolescents?|ungdomsböcker|ungdomsbøger|"
        "literatura młodzieżowa|подростковая литература|青少年文学|young adult boeken|nuortenkirjat|"
        "literatura para jóvenes|libros? para jóvenes"
    ),
}
