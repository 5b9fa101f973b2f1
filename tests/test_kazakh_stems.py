import pytest

from newsarchive.kazakh.stems import query_stems, stem, stems_of


@pytest.mark.parametrize("form", ["кітаптар", "кітабы", "кітапта", "кітабымыздың", "кітаптардан"])
def test_forms_of_a_noun_share_its_stem(form: str) -> None:
    assert stem(form) == "кітап"


@pytest.mark.parametrize("form", ["жазу", "жазды", "жазған", "жазып", "жазамын", "жазбаған", "жазса"])
def test_forms_of_a_verb_share_its_stem(form: str) -> None:
    assert stem(form) == "жаз"


def test_a_russian_text_is_stemmed_as_russian() -> None:
    assert stems_of("Новости города", "ru") == stems_of("новость городов", "ru")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_query_finds_a_word_in_a_text_of_either_language(language: str) -> None:
    assert set(query_stems("университеттер")) & {stems_of("университеттер", language)}


def test_latin_kazakh_and_cyrillic_find_each_other() -> None:
    assert stems_of("jańalyqtardy", "kk-Latn") == stems_of("жаңалықтарды", "kk")
