"""Printed dates in European and East Asian languages; ambiguous dates are rejected.

Kazakh and Russian dates, with case endings, relative forms and several scripts, are in `newsarchive.kazakh.dates`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from newsarchive.extraction.month_names import NAMES
from newsarchive.kazakh.dates import find_date

_ALSO_PRINTED = (
    "jaenner",
    "febr feber fevr fév",
    "mrz maerz marco اذار",
    "ابريل إبريل",
    "μαϊου ايار",
    "",
    "",
    "aout اغسطس",
    "setiembre sentabr ايلول",
    "oktabr اكتوبر",
    "listopad studenog",  # Croatian October is printed in its genitive
    "decembre",
)
"""Of each month, what is printed besides the names that CLDR has."""
MONTHS = {
    name: number
    for number, (names, others) in enumerate(zip(NAMES, _ALSO_PRINTED, strict=True), 1)
    for name in (*names, *others.split())
}
# listopada is October in Croatian and November in Polish: known only with the language
_POLISH = {"listopada": 11, "lip": 7, "lis": 11}
_PORTUGUESE = {"out": 10}

_WORD = re.compile(r"[^\W\d_]+")
_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d\d?\.\s?\d\d?\.\s?\d\d(?!\d)")
_M = r"<(?P<month>\d\d)>\.?(?:\s?/\s?<\d\d>)?"
_GAP = r"[\s,./|\-\u2013]{1,3}"
_JOIN = rf"(?:{_GAP}|\s(?:de|del|of)\s)"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_PATTERNS = tuple(
    re.compile(p)
    for p in (
        rf"(?<![\d.,:/-])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?{_JOIN}?{_M}{_JOIN}?(?:,\s)?{_YEAR}",
        rf"{_M}{_GAP}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_GAP}{_YEAR}",
        rf"(?<!\d){_YEAR}\.?{_GAP}{_M}{_GAP}(?P<day>\d{{1,2}})(?!\d)",
        rf"(?<!\d){_YEAR}-?\s?yil,?\s(?P<day>\d{{1,2}})[-\s]{_M}",
        rf"(?<![\d.:/-]){_YEAR}\s?(?P<sep>[-./])\s?(?P<number>\d{{1,2}})\s?(?P=sep)\s?(?P<day>\d{{1,2}})(?![\d]|[-./]\d)",
        r"(?<![\d.:/-])(?P<day>\d{1,2})\s?(?P<sep>[-./])\s?(?P<number>\d{1,2})\s?(?P=sep)\s?" + _YEAR,
        r"(?<![\d.:/-])(?P<day>\d{1,2})(?P<sep>\.)\s?(?P<number>\d{1,2})\.\s?(?P<year>\d\d)(?![\d:.%]|\s?[€$])",
        r"(?P<year>(?:19|20)\d\d)\s?[年년]\s?(?P<number>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일]",
    )
)
_TIME_AFTER = re.compile(
    r"(?:[\s,|·•()\u2013\u2014/-]|\b(?:at|um|kl|klo|à|a las|às|as|alle|alle ore|ore|h|godz|saat|о|в|u|om|ob)\b\.?"
    r"|,){0,4}"
    r"(?<![\d:.])(?P<h>\d{1,2})(?P<s>[:.h時시])\s?(?P<m>\d\d)(?::\d\d)?(?:\s?(?P<p>[AaPp])\.?[Mm]\b)?(?!\s?[\d:%])(?P<rest>.{0,14})"
)
_ZONE = re.compile(
    r"\s*\(?(?:(?:GMT|UTC)\s?(?:(?P<sign>[+\u2212-])\s?(?P<oh>\d{1,2})(?::?(?P<om>\d\d))?)?|(?P<other>[A-Z]{2,5})\b)"
)
_UPDATE = re.compile(
    r"updat|aktuali|modif|mis[e]? à jour|bijgewerkt|gewijzigd|actualiz|atualiz|aggiorn|измен|обновл|оновлен|жаңарт"
    r"|өзгерт|жаңырт|yangilan"
    r"|güncelle|zuletzt|last\b|edited|geändert|oppdater|opdater|uppdater|muokattu|päivitet|修正|更新|수정",
    re.I,
)


@dataclass(kw_only=True, frozen=True, slots=True)
class Seen:
    """A date found in a text.

    `moment` is a date, a naive datetime or an aware one; `updated` is True for the date of a change.
    """

    moment: date | datetime
    updated: bool = False

    @property
    def day(self) -> date:
        """The calendar day as printed."""
        return self.moment.date() if isinstance(self.moment, datetime) else self.moment


def see_dates(text: str, language: str = "") -> list[Seen]:
    """Return the dates with a year in a text, in order; in English, ambiguous day-month figures are skipped.

    >>> [s.moment.isoformat() for s in see_dates("Publié le 3 août 2021 à 14h05, modifié le 04/08/2021", "fr")]
    ['2021-08-03T14:05:00', '2021-08-04']
    >>> see_dates("04/05/2021", "en"), see_dates("© 2021")
    ([], [])
    """
    if not _HAS_YEAR.search(text):
        return []
    if _is_kazakh_or_russian(text, language):
        if found := _in_parts(text):
            return found
        if language[:2] in _READ_BY_FIND_DATE and not _LATIN.search(text):
            return []
    coded = _WORD.sub(lambda match: _code(match[0], language), text)
    return list(_seen(coded, text, language))


_READ_BY_FIND_DATE = ("kk", "kz", "ru", "ky")
_OTHER_CYRILLIC = ("uk", "bg", "be", "mk", "sr", "mn")
_LATIN = re.compile("[A-Za-z]{3}")
_CYRILLIC = re.compile("[\u0400-\u04ff]{2}")
_LABEL = re.compile(
    r"(?:(?:дата\s+)?(?:публикации|публикация|опубликован\w*|размещен\w*|создан\w*|добавлен\w*)|жарияла\w*|жүктел\w*"
    r"|(?:дата\s+)?(?:изменен\w*|измен[её]н\w*|обновлен\w*|обновл[её]н\w*|редактир\w*)|жаңарт\w*|жаңалан\w*|өзгерт\w*|түзет\w*)",
    re.I,
)


def _is_kazakh_or_russian(text: str, language: str) -> bool:
    """True if a date may be Kazakh or Russian; what a page declares as its language is often that of the theme."""
    return language[:2] in _READ_BY_FIND_DATE or (
        language[:2] not in _OTHER_CYRILLIC and _CYRILLIC.search(text) is not None
    )


def _in_parts(text: str) -> list[Seen]:
    """Return the dates of a line such as «Опубликовано: 12 мая 2025 | Обновлено: 13 мая 2025», a label to each."""
    labels = list(_LABEL.finditer(text))
    if len(labels) < 2:
        return [_labelled(moment, text, text)] if (moment := find_date(text)) else []
    first = (
        0 if text[: labels[0].start()].strip(" \t\r\n:|,.()-–—") else 1
    )  # a label may precede its date, or follow it
    cuts = [label.end() for label in labels] if first == 0 else [label.start() for label in labels[1:]]
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [_labelled(moment, part, part) for part in parts if (moment := find_date(part))]


def _labelled(moment: date | datetime, part: str, text: str) -> Seen:
    return Seen(moment=by_weekday(moment, text), updated=bool(_UPDATE.search(part)))


_FIGURES = re.compile(r"(?<!\d)(?P<one>\d{1,2})(?P<sep>[/.-])(?P<two>\d{1,2})(?P=sep)(?:19|20)?\d\d(?!\d)")
_WEEKDAYS = (
    "mon monday пн понедельник дс дүйсенбі montag mo lundi lunes",
    "tue tues tuesday вт вторник сс сейсенбі dienstag di mardi martes",
    "wed wednesday ср среда сәрсенбі mittwoch mi mercredi miércoles",
    "thu thur thurs thursday чт четверг бс бейсенбі donnerstag do jeudi jueves",
    "fri friday пт пятница жм жұма freitag fr vendredi viernes",
    "sat saturday сб суббота сн сенбі samstag sa samedi sábado",
    "sun sunday вс воскресенье жк жс жексенбі sonntag so dimanche domingo",
)
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}


def by_weekday(moment: date | datetime, text: str) -> date | datetime:
    """Exchange day and month of a date in figures if only then it falls on the weekday that stands beside it.

    >>> by_weekday(date(2025, 12, 5), "Пн, 05/12/2025"), by_weekday(date(2025, 12, 5), "Пт, 05/12/2025")
    (datetime.date(2025, 5, 12), datetime.date(2025, 12, 5))
    """
    figures = _FIGURES.search(text)
    named = {_WEEKDAY[word] for w in _WORD.findall(text) if (word := w.casefold()) in _WEEKDAY}
    if figures is None or len(named) != 1 or moment.weekday() in named or moment.day > 12:
        return moment
    other = moment.replace(month=moment.day, day=moment.month)
    return other if other.weekday() in named else moment


def _code(word: str, language: str) -> str:
    key = word.casefold()
    number = MONTHS.get(key) or (_POLISH.get(key) if language[:2] == "pl" else None)
    if number is None and language[:2] in ("pt", "gl"):
        number = _PORTUGUESE.get(key)
    return f"<{number:02}>" if number else word


def _seen(coded: str, text: str, language: str) -> Iterator[Seen]:
    taken: list[tuple[int, int, Seen]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(coded):
            if any(match.start() < end and start < match.end() for start, end, _ in taken):
                continue
            day = _day(match, language, text)
            if day is not None:
                last_end = max((end for _, end, _ in taken if end <= match.start()), default=0)
                before = coded[max(last_end, match.start() - 40) : match.start()]
                moment = by_weekday(_with_time(day, coded, match.end()), text)
                seen = Seen(moment=moment, updated=bool(_UPDATE.search(before)))
                taken.append((match.start(), match.end(), seen))
    return (seen for _, _, seen in sorted(taken, key=lambda t: t[0]))


def _day(match: re.Match[str], language: str, text: str) -> date | None:
    groups = match.groupdict()
    year, day = int(groups["year"]), int(groups["day"])
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    month = int(groups.get("month") or groups["number"])
    if not groups.get("month") and match.start("day") < match.start("number") and groups.get("sep") in ("/", "-"):
        if language.lower() in ("en-us", "en_us") or (language[:2] == "en" and day <= 12 < month):
            day, month = month, day
        elif (
            language[:2] == "en"
            and len(language) == 2
            and day <= 12
            and month <= 12
            and day != month
            and not any(word.casefold() in _WEEKDAY for word in _WORD.findall(text))
        ):
            return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _with_time(day: date, coded: str, end: int) -> date | datetime:
    match = _TIME_AFTER.match(coded, end)
    if not match:
        return day
    hour, minute = int(match["h"]), int(match["m"])
    if match["p"]:
        hour = hour % 12 + (12 if match["p"].lower() == "p" else 0)
    elif match["s"] == "." and not re.match(r"\s*(?:Uhr|klo|h\b)", match["rest"]) and hour > 23:
        return day
    if hour > 23 or minute > 59:
        return day
    zone = _ZONE.match(match["rest"])
    if zone and zone["other"] and zone["other"] not in ("UHR", "HRS", "H"):
        return day  # time zone abbreviations are ambiguous
    moment = datetime.combine(day, time(hour, minute))
    if zone and not zone["other"]:
        offset = timedelta(hours=int(zone["oh"] or 0), minutes=int(zone["om"] or 0))
        return moment.replace(tzinfo=timezone(-offset if (zone["sign"] or "+") != "+" else offset))
    return moment


_URL_DAY = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[/_.-]?)(?P<m>0[1-9]|1[0-2]|(?<=[/_.-])[1-9](?=[/_.-]))(?P=s)(?P<d>0[1-9]"
    r"|[12]\d|3[01]|(?<=[/_.-])[1-9](?=[/_.-]))(?P<after>\d*)"
)


def day_in_url(url: str) -> date | None:
    """Return the date in a URL's path, if any.

    >>> day_in_url("https://gazet.example/2025/02/18/kokjal"), day_in_url("https://gazet.example/n/20250218kokjal")
    (datetime.date(2025, 2, 18), datetime.date(2025, 2, 18))
    >>> day_in_url("https://gazet.example/news/2025021877")
    """
    # the URL of an archived copy begins with the capture date
    path = re.sub(r"^https?://[^/]*", "", re.sub(r"^https?://[^/]*/web/\d{8,14}[a-z_]*/", "", url))
    for match in _URL_DAY.finditer(re.split(r"[?#]", path)[0]):
        # eight digits in a row are a date only if no more digits follow
        if match["after"] and (match["s"] != "/" or len(match["after"]) > 0) and match["s"] != "":
            continue
        if match["s"] == "" and match["after"] and not re.fullmatch(r"\d{4}|\d{6}|\d{9,}", match["after"]):
            continue
        try:
            day = date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            continue
        if 1994 <= day.year <= 2100:
            return day
    return None
