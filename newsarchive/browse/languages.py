"""The interface language: how it is chosen, its texts, and its formats of dates and numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
DEFAULT = "en"
_DATES = {"en": "en_GB"}  # the day before the month, as in the other languages


@cache
def load_texts() -> Mapping[str, Mapping[str, str]]:
    """Return all texts of the interface by key: ``{"search": {"kk": "Іздеу", "ru": "Поиск", "en": "Search"}}``."""
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def choose_language(asked: str | None, remembered: str | None, accept: str) -> str:
    """Return the language of a page: the one requested by link, else the remembered one, else the browser's choice.

    >>> choose_language(None, None, "de, kk-KZ;q=0.9, ru;q=0.8")
    'kk'
    >>> choose_language("ru", "kk", "en")
    'ru'
    """
    for name in (asked, remembered):
        if name in LANGUAGES:
            return name
    return negotiate_locale(_preferred(accept), list(LANGUAGES), sep="-") or DEFAULT


def _preferred(accept: str) -> list[str]:
    """Return the language tags of an Accept-Language header in order of preference (RFC 9110, 12.5.4)."""
    weighted: list[tuple[float, int, str]] = []
    for part in accept.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if tag and quality > 0:
            weighted.append((-quality, len(weighted), tag))
    return [tag for _, _, tag in sorted(weighted)]


@dataclass(frozen=True)
class Speech:
    """The texts and formats of the interface in one language."""

    language: str

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    def text(self, key: str, **values: object) -> str:
        """Return the text of a key with its placeholders filled in. A key without a text is an error.

        A number `n` also selects the plural form: ``key.one``, ``key.few``, ``key.many`` or ``key.other``.
        """
        texts = load_texts()
        keys = [key]
        if isinstance(n := values.get("n"), int):
            keys = [f"{key}.{self.locale.plural_form(n)}", f"{key}.other", key]
            values["n"] = self.number(n)
        form = next(k for k in keys if self.language in texts.get(k, ())) if len(keys) > 1 else key
        text = texts[form][self.language]
        return text.format(**values) if values else text

    def number(self, value: object) -> str:
        """Return a number formatted for the language, such as 12 345."""
        return format_decimal(value, locale=self.language) if isinstance(value, (int, float)) else str(value)

    def percent(self, share: float) -> str:
        """Return a share of one as a percentage: at most two decimals below 10 %, else one."""
        return format_percent(share, format="#,##0.0#%" if share < 0.1 else "#,##0.0%", locale=self.language)

    def date(self, stamp: str | None, timezone: str = "UTC", *, time: bool = False) -> str:
        """Return an archive timestamp as a date in words, in the given time zone; a bare date is not converted.

        A time names its zone: ``19 February 2025, 01:30 (Almaty)``.
        """
        if not stamp:
            return ""
        locale = _DATES.get(self.language, self.language)
        if len(stamp) <= 10:
            return str(format_date(date.fromisoformat(stamp), "long", locale=locale))
        moment = datetime.fromisoformat(stamp).astimezone(ZoneInfo(timezone))
        day = str(format_date(moment.date(), "long", locale=locale))
        return f"{day}, {moment:%H:%M} ({self.city(timezone)})" if time else day

    def city(self, timezone: str) -> str:
        """Return the city that a time zone is named after.

        >>> Speech("kk").city("Asia/Almaty"), Speech("en").city("America/New_York"), Speech("ru").city("Etc/UTC")
        ('Алматы', 'New York', 'UTC')
        """
        named = self.locale.time_zones.get(timezone)
        return str((named and named.get("city")) or timezone.rpartition("/")[2].replace("_", " "))

    def month(self, number: int) -> str:
        """Return the stand-alone name of a month."""
        return str(self.locale.months["stand-alone"]["wide"][number])

    def weekday(self, number: int) -> str:
        """Return the stand-alone name of a weekday; Monday is 0."""
        return str(self.locale.days["stand-alone"]["wide"][number])

    def language_name(self, code: str | None) -> str:
        """Return the name of a language, or its code if it has none."""
        try:
            return str(self.locale.languages.get(Locale.parse(code or "", sep="-").language) or code or "")
        except (UnknownLocaleError, ValueError):
            return code or ""
