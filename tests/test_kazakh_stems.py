import gzip
from pathlib import Path

import pytest

from newsarchive.kazakh.lexicon import choose_parse, learn_lexicon, read_lexicon, shipped_lexicon, write_lexicon
from newsarchive.kazakh.stems import query_stems, stem, stems_of, stems_version
from newsarchive.kazakh.suffixes import parses

TEXTS = [
    "Ұстаның балғасы жоғалды. Балғамен шеге қағады, балғаны сақтайды.",
    "Шегелер қорапта жатыр, қораптан шегені алды. Балғалар мен шегелерді сатты.",
    "Қораптың қақпағын ашып, балғаға сап салды.",
]


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("кітап", "кітаптар кітабы кітапта кітабымыздың кітаптардан кітаптарымызға"),
        ("мамандық", "мамандығы мамандыққа мамандықтардың мамандығымен"),
        ("халық", "халқы халқының халықтың халыққа"),
        ("мұғалім", "мұғалімдер мұғалімдеріміз мұғалімге мұғалімнің"),
        ("университет", "университеттер университетінде университеттен университетіміздің"),
        ("тоқаев", "тоқаевтың тоқаевқа тоқаевты"),
    ],
)
def test_forms_of_a_noun_share_its_stem(lemma: str, forms: str) -> None:
    assert {form: stem(form) for form in forms.split()} == dict.fromkeys(forms.split(), lemma)


@pytest.mark.parametrize(
    ("root", "forms"),
    [
        ("жаз", "жазу жазды жазған жазып жазамын жазбаған жазса жазғандардың"),
        ("оқы", "оқиды оқыған оқып оқыды оқымайды"),
        ("тап", "табу тауып табады тапты табылған"),
        ("қой", "қояды қойған қойып қойды"),
        ("сөйле", "сөйлеу сөйледі сөйлейді сөйлеген сөйлемейді"),
    ],
)
def test_forms_of_a_verb_share_its_stem(root: str, forms: str) -> None:
    assert {form: stem(form) for form in forms.split()} == dict.fromkeys(forms.split(), root)


@pytest.mark.parametrize(("word", "impossible"), [("кітаптер", "кітап"), ("мектепда", "мектеп"), ("кітапды", "кітап")])
def test_a_suffix_is_taken_off_only_where_harmony_and_the_sound_before_allow_it(word: str, impossible: str) -> None:
    assert impossible not in {parse.stem for parse in parses(word)}


def test_suffixes_come_off_only_in_their_order() -> None:
    assert "бала" in {parse.stem for parse in parses("балаларымызға")}
    assert "бала" not in {parse.stem for parse in parses("балағаларымыз")}


@pytest.mark.parametrize("word", ["", "2025", "covid", "18-інде", "x", "а", "ы" * 500])
def test_what_is_no_kazakh_word_comes_back(word: str) -> None:
    assert stem(word) == word


@pytest.mark.parametrize("written", ["Пікірлерін", "пiкiрлерін", "ПІКІРЛЕРІН", "пікір\u00adлерін", "пікірлері\u200bн"])
def test_look_alikes_case_and_soft_hyphens_change_nothing(written: str) -> None:
    assert stems_of(written, "kk") == stems_of("пікірлерін", "kk") == "пікір"
    assert query_stems(written)[0] == "пікір"


def test_stems_stand_in_the_order_of_the_words() -> None:
    assert stems_of("Қалалар мен кітаптар, 2025!", "kk").split() == ["қала", "мен", "кітап", "2025"]


def test_a_russian_text_is_stemmed_as_russian() -> None:
    assert stems_of("Новости города", "ru") == stems_of("новость городов", "ru")


def test_a_kazakh_word_in_a_russian_text_is_stemmed_as_kazakh() -> None:
    assert stems_of("газета Егемен Қазақстанның", "ru").split()[-1] == stem("қазақстан")


def test_a_text_of_unknown_language_goes_by_its_letters() -> None:
    assert stems_of("балалардың кітаптары") == stems_of("балалардың кітаптары", "kk")
    assert stems_of("дети города") == stems_of("дети города", "ru")


@pytest.mark.parametrize("word", ["университеттер", "балалар", "города", "Қазақстанның", "Kaspi", "2025"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_query_finds_a_word_in_a_text_of_any_language(word: str, language: str) -> None:
    assert stems_of(word, language) in query_stems(word)


def test_a_russian_stem_never_meets_a_kazakh_one_by_accident() -> None:
    assert stems_of("арнау", "ru") != stems_of("арна", "kk")


def test_latin_kazakh_and_cyrillic_find_each_other() -> None:
    assert stems_of("jańalyqtardy", "kk-Latn") == stems_of("жаңалықтарды", "kk")
    assert stem("жаңалықтарды") in query_stems("jańalyqtar")


def test_learning_needs_no_labels_and_knows_words_that_it_met() -> None:
    lexicon = learn_lexicon(TEXTS)
    assert {choose_parse(lexicon, form).stem for form in ("балғасы", "балғалардың", "балғаңыз")} == {"балға"}
    assert choose_parse(lexicon, "қорабы").stem == "қорап"


def test_the_order_of_texts_does_not_matter() -> None:
    assert learn_lexicon(TEXTS).digest == learn_lexicon(reversed(TEXTS)).digest
    assert learn_lexicon(TEXTS).digest != learn_lexicon(TEXTS[:2]).digest


def test_a_lexicon_is_read_as_it_was_written(tmp_path: Path) -> None:
    lexicon = learn_lexicon(TEXTS, source="Our own\nsentences")
    write_lexicon(tmp_path / "a.gz", lexicon)
    write_lexicon(tmp_path / "b.gz", lexicon)
    read = read_lexicon(tmp_path / "a.gz")
    assert read == lexicon
    assert (read.source, read.digest) == ("Our own sentences", lexicon.digest)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_nothing_to_learn_from_gives_an_empty_lexicon(tmp_path: Path) -> None:
    write_lexicon(tmp_path / "empty.gz", learn_lexicon([]))
    empty = read_lexicon(tmp_path / "empty.gz")
    assert not empty.stems
    assert choose_parse(empty, "кітаптарымыз").stem == "кітап"


def test_a_lexicon_of_another_version_is_refused(tmp_path: Path) -> None:

    (tmp_path / "old.gz").write_bytes(gzip.compress(b"# newsarchive stems 1\n# x\n"))
    with pytest.raises(ValueError, match="not a lexicon of this version"):
        read_lexicon(tmp_path / "old.gz")


def test_the_shipped_lexicon_names_its_source_and_licence() -> None:
    assert "KazNERD" in shipped_lexicon().source
    assert "Nazarbayev University" in shipped_lexicon().source
    assert "CC BY 4.0" in shipped_lexicon().source


def test_an_index_can_name_the_lexicon_of_its_stems() -> None:
    assert stems_version().endswith(shipped_lexicon().digest)
