"""By-lines, their traps, and names in normal capitals."""

from __future__ import annotations

import pytest

from newsarchive.kazakh.bylines import find_byline, read_byline
from newsarchive.kazakh.names import nominative, normal_name


@pytest.mark.parametrize(
    ("line", "position", "names"),
    [
        ("Аида САПАРҚЫЗЫ", "end", "Аида Сапарқызы"),
        ("Б.СЕЙІТОВ,", "end", "Б. Сейітов"),
        ("Сәуле Ә. ӘЛІМОВА", "end", "Сәуле Ә. Әлімова"),
        ("Мирас САПАР, «Қала тынысы»", "top", "Мирас Сапар"),
        ("Gúlnur SAPAR, Shyǵys Qazaqstan oblysy.", "end", "Gúlnur Sapar"),
        ("Айгүл САПАР, Берік ӘЛІМОВ, Қарағанды", "end", "Айгүл Сапар; Берік Әлімов"),
        ("Авторлар: Берік Әлім, Айгүл САПАР", "end", "Берік Әлім; Айгүл Сапар"),
        ("Авторы: Ақбота Сапарова", "end", "Ақбота Сапарова"),
        ("Материалды әзірлеген Динара Мұқтар", "end", "Динара Мұқтар"),
        ("Дайындаған – Берік Сапар", "end", "Берік Сапар"),
        ("Жазып алған Нұрбек Сапар.", "end", "Нұрбек Сапар"),
        ("Әңгімеңізге рахмет! Сұхбаттасқан Самал АХМЕТОВА.", "end", "Самал Ахметова"),
        ("Подготовила Анна ИВАНОВА", "end", "Анна Иванова"),
        ("Текст и фото: Иван Петров", "end", "Иван Петров"),
        ("Анна ПЕТРОВА. Фото автора.", "end", "Анна Петрова"),
        ("By JOHN SMITH and Mary Jones", "top", "John Smith; Mary Jones"),
        ("Толығырақ Әсем Сапарқызының материалында.", "inline", "Әсем Сапарқызы"),
        ("Нүркен САПАРБАЙ. АУЫЛДЫҢ КҮНІ", "title", "Нүркен Сапарбай"),
        ("اۆتورى: الماس ساپار", "end", "الماس ساپار"),
        ("Өз тілшіміз", "end", "Өз тілшіміз"),
        ("Автор: Редакция", "end", "Редакция"),
    ],
)
def test_byline_is_read_with_its_names(line: str, position: str, names: str) -> None:
    byline = read_byline(line, position=position)
    assert byline is not None
    assert byline.is_byline
    assert "; ".join(byline.normal) == names


@pytest.mark.parametrize(
    ("line", "position"),
    [
        ("Асқар САПАР, жазушы: Тіл туралы", "top"),
        ("Серік САПАРОВ,", "inline"),
        ("Авторы – Жабал Сапаров", "inline"),
        ("Авторы және режиссері: Ерсайын Сапаров", "inline"),
        ("Жетекшісі: Айгүл Сапарова", "inline"),
        ("Аударған: Айгүл Сапарова", "end"),
        ("деп хабарлайды біздің тілші.", "inline"),
        ("сказал Иван Петров.", "inline"),
        ("admin", "top"),
        ("Қостанай облысы", "end"),
        ("Орталық Қазақстан", "end"),
        ("Анонс ВИДЕО", "end"),
        ("Басты бет", "top"),
        ("Фото автора", "end"),
        ("Асқар Сапар. Жолдағы ойлар", "title"),
        ("Қазақ ТІЛІ. Ертеңі мен бүгіні", "title"),
        ("Айгүл Сапарова қалада жаңа мектеп ашты", "end"),
        ("Берік Сапаров пен Ерлан Әлімов кеше кездесті", "end"),
        ("", "end"),
    ],
)
def test_line_that_signs_nothing_is_no_byline(line: str, position: str) -> None:
    byline = read_byline(line, position=position)
    assert byline is None or not byline.is_byline


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("фото Игоря Бондаренко", ("Игорь Бондаренко",)),
        ("Фото: Александр Павлов/ Kazinform", ("Александр Павлов",)),
        ("Суретті түсірген Болат ЕРЖАН", ("Болат Ержан",)),
        ("Фото: egemen.kz", ()),
    ],
)
def test_photo_line_has_role_photo(line: str, names: tuple[str, ...]) -> None:
    byline = read_byline(line)
    assert byline is not None
    assert (byline.role, byline.is_byline, byline.normal) == ("photo", False, names)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ақбота САПАРҚЫЗЫ-ЕРЖАН", "Ақбота Сапарқызы-Ержан"),
        ("Берiк Сапар", "Берік Сапар"),
        ("Мырзағали САПАР ҰЛЫ", "Мырзағали Сапар ұлы"),
        ("Михаил ТЁ", "Михаил Тё"),
        ("ÄLIA JALĞASQIZI", "Älıa Jalğasqızı"),
        ("DARHAN ÄBDİK", "Darhan Äbdik"),
        ("JOHN SMITH", "John Smith"),
    ],
)
def test_name_is_written_in_normal_capitals(written: str, normal: str) -> None:
    assert normal_name(written) == normal


@pytest.mark.parametrize(
    ("genitive", "name"),
    [
        ("Сергея Петрова", "Сергей Петров"),
        ("Марии Петровой", "Мария Петрова"),
        ("Ольги Сапаровой", "Ольга Сапарова"),
        ("Анна Петрова", "Анна Петрова"),
        ("Юрия Павлина", "Юрий Павлин"),
    ],
)
def test_russian_genitive_becomes_nominative(genitive: str, name: str) -> None:
    assert nominative(genitive) == name


def test_byline_at_the_end_is_found_above_post_and_furniture() -> None:
    text = ["Қалада жаңа мектеп ашылды.", "Оған елу бала келді.", "Аида САПАР,", "Қарағанды", "Бөлісу:"]
    assert [b.normal for b in find_byline(text)] == [("Аида Сапар",)]


def test_speaker_at_the_top_is_not_the_author() -> None:
    text = ["Серік САПАРОВ,", "қала әкімі:", "– Биыл үш мектеп ашамыз.", "Жұмыс жүріп жатыр."]
    assert find_byline(text) == []


def test_article_without_signature_has_no_byline() -> None:
    assert find_byline(["Қалада жаңа мектеп ашылды.", "Оған елу бала келді.", "Мектеп үш қабатты."]) == []
