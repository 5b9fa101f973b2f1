"""Scripts, languages, page furniture, and the benchmark that scores them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from newsarchive.kazakh.language import identify_language, is_mixed
from newsarchive.kazakh.phrases import is_boilerplate
from newsarchive.kazakh.scripts import clean_text, fold_for_search, fold_lookalikes, script_of
from newsarchive.kazakh.transliteration import to_cyrillic

ROOT = Path(__file__).parent.parent


def test_format_characters_go_and_emoji_stay() -> None:
    assert clean_text("мек\xadтеп\u200b\xa0күні") == "мектеп күні"
    assert clean_text("👩\u200d💻") == "👩\u200d💻"
    assert clean_text("a\x00b\nc") == "ab\nc"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("пiкiр", "пікір"),
        ("Əлем", "Әлем"),
        ("Kaзaxcтaн", "Казахстан"),
        ("О́zgeris", "Ózgeris"),
        ("Twitter-інен QR-код", "Twitter-інен QR-код"),
        ("plain text", "plain text"),
    ],
)
def test_lookalikes_become_one_script(written: str, folded: str) -> None:
    assert fold_lookalikes(written) == folded


@pytest.mark.parametrize(
    "pair", [("ӘЛЕМ", "әлем"), ("Əлем", "әлем"), ("ISTYQ", "ıstyq"), ("мек\xadтеп", "мектеп"), ("йод", "и\u0306од")]
)
def test_index_and_query_meet_in_one_form(pair: tuple[str, str]) -> None:
    assert fold_for_search(pair[0]) == fold_for_search(pair[1])


@pytest.mark.parametrize("text", ["Ōzgeris Қала 2021", "İstanbul", "за\u0301мок", "Əлем пiкiрi"])
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_for_search(fold_for_search(text)) == fold_for_search(text)


@pytest.mark.parametrize(
    ("written", "cyrillic"),
    [
        ("jańa mektep", "жаңа мектеп"),
        ("jaŋa mektep", "жаңа мектеп"),
        ("Qazaqstan halqy", "Қазақстан халқы"),
        ("ǵylym men bilim", "ғылым мен білім"),
        ("sózdik qory", "сөздік қоры"),
        ("maýsym", "маусым"),
        ("جاڭا مەكتەپ", "жаңа мектеп"),
        ("Қазақ тілі", "Қазақ тілі"),
    ],
)
def test_latin_and_arabic_kazakh_come_out_in_cyrillic(written: str, cyrillic: str) -> None:
    assert to_cyrillic(written) == cyrillic


def test_script_is_that_of_most_letters() -> None:
    assert [script_of(t) for t in ("Қала kz", "Qala", "قالا", "日本語", "12")] == ["Cyrl", "Latn", "Arab", "Hani", ""]


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("Қалада жаңа мектеп ашылды", "", "kk"),
        ("Білім күні", "", "kk"),
        ("В городе открыли новую школу", "kk", "ru"),
        ("Қайрат Сапар выступил с концертом в Астане", "", "ru"),
        ("Бишкекте жаңы мектеп ачылды", "", "ky"),
        ("Qalada jańa mektep ashyldy", "", "kk-Latn"),
        ("قالادا جاڭا مەكتەپ اشىلدى", "", "kk-Arab"),
        ("The mayor opened a new school on Monday", "kk", "en"),
        ("Der Bürgermeister hat eine neue Schule eröffnet", "", "de"),
        ("Belediye başkanı bugün yeni bir okul açtı", "", "tr"),
        ("У місті відкрили нову школу, її чекали роками", "", "uk"),
        ("Спорт", "ru", "ru"),
        ("12:30", "kk", ""),
        ("", "kk", ""),
    ],
)
def test_language_of_a_text(text: str, hint: str, language: str) -> None:
    assert identify_language(text, hint=hint) == language


def test_text_in_two_languages_is_in_the_longer_one() -> None:
    kazakh, russian = "Қалада жаңа мектеп ашылды. ", "В городе открыли новую школу. "
    assert identify_language(kazakh * 3 + russian) == "kk"
    assert identify_language(kazakh + russian * 4) == "ru"
    assert is_mixed(kazakh + russian)
    assert not is_mixed(kazakh * 3)


@pytest.mark.parametrize(
    "line",
    [
        "Тағы оқыңыз: Мектеп ашылды",
        "Uqsas jańalyqtar",
        "ۇقساس جاڭالىقتار",
        "Біздің Telegram арнамызға жазылыңыз!",
        "Қаралды: 1 550",
        "Пікірлер (5)",
        "Читайте также",
        "12 345 просмотров",
        "Комментариев нет",
        "Подписывайтесь на нас в Telegram",
        "READ MORE: The mayor",
        "Lesen Sie auch: Der Kanzler",
        "Share this:",
        "Advertisement",
        "Фото: Kazinform",
        "Facebook Twitter WhatsApp",
        "USD 520.93 EUR 609.07 RUB 6.68",
        "Жұма, 7 қазан 2022",
    ],
)
def test_furniture_is_known(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Қалада жаңа мектеп ашылды.",
        "Фото жарысының жеңімпаздары анықталды.",
        "Комментарии политиков разделились.",
        "Реклама на телевидении подорожала на 10 процентов.",
        "Газетке жазылу науқаны басталды.",
        "7 қазан күні жиын өтті.",
        "Share prices fell on Monday.",
        "Related companies said they would appeal.",
        "Read more books, he said.",
        "Толығырақ айтсақ, жоба үш кезеңнен тұрады.",
        "Сотық сілтеме жасау міндетті емес деп таныды.",
    ],
)
def test_sentence_is_not_furniture(line: str) -> None:
    assert not is_boilerplate(line)


def run_benchmark(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.kazakh", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_benchmark_scores_dates_and_skips_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "dates.tsv").write_text(
        "text\texpected\n7 мамыр 2022\t2022-05-07\nқала\t2022-01-01\n", encoding="utf-8"
    )
    done = run_benchmark(tmp_path, "--json")
    scores = json.loads(done.stdout)["dates"]
    assert (scores["right"], scores["wrong"], scores["none"], done.returncode) == (0.5, 0.0, 0.5, 0)
    assert "skipped: bylines: bylines.tsv is missing" in done.stderr


def test_benchmark_fails_below_its_floors(tmp_path: Path) -> None:
    (tmp_path / "dates.tsv").write_text("text\texpected\nқала\t2022-01-01\n", encoding="utf-8")
    done = run_benchmark(tmp_path, "--floors")
    assert done.returncode == 1
    assert "dates right" in done.stderr
