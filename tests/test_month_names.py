"""The names of months: the file is what its generator makes, and dates are read by them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from benchmarks.month_names import module
from newsarchive.extraction import month_names
from newsarchive.extraction.days import MONTHS, see_dates


def test_the_file_is_what_its_generator_makes() -> None:
    assert Path(month_names.__file__).read_text(encoding="utf-8") == module()


def test_no_name_is_given_to_two_months() -> None:
    assert sum(map(len, month_names.NAMES)) == len({name for names in month_names.NAMES for name in names})
    assert {*MONTHS.values()} == {*range(1, 13)}
    assert not {"listopada", "lip", "lis", "out"} & {*MONTHS}


@pytest.mark.parametrize(
    ("text", "language", "month"),
    [
        ("18. Jänner 2025", "de", 1), ("18 février 2025", "fr", 2), ("18 marca 2025", "pl", 3), ("18 travnja 2025", "hr", 4),
        ("18 toukokuuta 2025", "fi", 5), ("18 června 2025", "cs", 6), ("18 июля 2025", "bg", 7), ("18 Ağustos 2025", "tr", 8),
        ("18 de setembro de 2025", "pt", 9), ("18. oktoober 2025", "et", 10), ("18 listopada 2025", "pl", 11),
        ("18 ديسمبر 2025", "ar", 12), ("18 octobre 2025", "", 10), ("18 ιουλίου 2025", "el", 7), ("18 avqust 2025", "az", 8),
    ],
)  # fmt: skip
def test_dates_are_read_in_many_languages(text: str, language: str, month: int) -> None:
    assert [seen.moment for seen in see_dates(text, language)] == [date(2025, month, 18)]
