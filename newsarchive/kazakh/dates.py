"""Reads dates as printed by Kazakh and Russian newspapers, and machine timestamps; ambiguous dates are rejected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock_time

from newsarchive.kazakh.datewords import code_of, is_number_suffix
from newsarchive.kazakh.scripts import clean_text, fold_lookalikes
from newsarchive.kazakh.stamps import parse_stamp, to_utc

__all__ = ["find_date", "parse_stamp", "read_date", "to_utc"]

_MAX_LENGTH = 300
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*|\s+|[^\w\s]|_")
_NOON_MARK = re.compile(r"\b([apAP])\.\s?[mM]\b\.?")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MARKS = {
    ord(mark): plain
    for plain, marks in {"-": "–—−‐", "|": "•·∙●¦/", ",": "،;", '"': "«»“”„'’‘", ":": "：∶"}.items()
    for mark in marks
}

# Patterns for the encoded line: figures and punctuation unchanged, words as codes (see datewords.code_of).
_GAP = r'(?:[\s,."|()-]|W|Y(?!\d)){0,8}'
_DAY = r'(?<![\d.:+])(?<![\d][-|])"?(?P<d>\d{1,2})"?(?:\s?(?:Ud|B))?(?![\d:])(?!\.\d)'
_MONTH = r"M(?P<m>[a-l])\.?(?:\s?O)?"
_YEAR = r"(?<!\d)(?P<y>(?:19|20)\d\d)(?!\d)(?:\s?-?\s?Y\b\.?)?"
_END = r"(?!\d)(?![.|-]\d)"
_DATED = [
    re.compile(p)
    for p in (
        rf"{_DAY}{_GAP}{_MONTH}{_GAP}{_YEAR}",
        rf"{_YEAR}{_GAP}{_DAY}{_GAP}{_MONTH}",
        rf"{_MONTH}{_GAP}{_DAY}{_GAP}{_YEAR}",
        rf"{_YEAR}{_GAP}{_MONTH}{_GAP}{_DAY}",
        rf"(?<![\d.:|-])(?P<y>(?:19|20)\d\d)\s?(?P<s>[.|-])\s?(?P<n>\d{{1,2}})\s?(?P=s)\s?(?P<d>\d{{1,2}}){_END}",
        rf"(?<![\d.:|-])(?P<d>\d{{1,2}})\s?(?P<s>[.|-])\s?(?P<n>\d{{1,2}})\s?(?P=s)\s?(?P<y>\d{{4}}|\d\d){_END}",
    )
]
_NO_YEAR = [
    re.compile(rf"{_DAY}{_GAP}{_MONTH}(?![a-z])(?!{_GAP}\d+(?![\d:.]))"),
    re.compile(rf"{_MONTH}{_GAP}{_DAY}(?!{_GAP}\d+(?![\d:.]))"),
]
_DAY_RANGE_BEFORE = re.compile(r"(?<![\d:.])\d{1,2}\s?[-,|]\s?$")
_LINK = r'(?:[\s,."|()-]|W|Y|Ud|Uh|H|K){0,10}'
# A minus begins an offset only after seconds; elsewhere it separates two times of day.
_ISO_OFFSET = r"(?:(?<=:\d\d:\d\d)|(?<=\.\d\d\d)|(?<=\.\d{6}))[+-]\d\d:?\d\d(?!\d)"
_TIME_AFTER = re.compile(
    _LINK + r"(?:(?P<h>\d{1,2})[:.](?P<i>\d\d)(?::(?P<sec>\d\d)(?:[.,]\d+)?)?(?![\d:])(?![.|]\d)"
    rf"(?:(?={_ISO_OFFSET})|(?!\s?-\s?\d))(?:\s?P\.?(?P<p>[ap]))?"
    r"|(?P<h2>\d{1,2})\s?-?Uh\s?(?P<i2>\d{1,2})\s?-?Ui)"
)
_TIME_BEFORE = re.compile(
    r"(?<![\d.:+|-])(?P<h>\d{1,2}):(?P<i>\d\d)(?::(?P<sec>\d\d))?(?:\s?P(?P<p>[ap]))?" + _LINK + "$"
)
_OFFSET = re.compile(
    r"Z\s?[+-]\s?\d{1,2}(?::?\d\d)?(?!\d)|(?<=:\d\d)\+\d\d:?\d\d(?!\d)"
    rf"|{_ISO_OFFSET}|(?<=\d)\s?(?P<utc>Z)(?!\s?[+-]\s?\d)"
)
_OFFSET_PARTS = re.compile(r"([+-])\s?(\d{1,2}):?(\d\d)?$")
_SPAN = r"(?:(?:\d{1,3}|C[a-jz])\s?-?\s?)U[a-z]\.?|(?:\d{1,3}|C[a-jz])\s?-?\s?Y\.?"
_AGO = re.compile(rf"(?P<spans>(?:(?:{_SPAN})\s?)+)A|(?:^|(?<=[,.|:)(-]\s)|(?<=[,.|:)(-]))(?P<one>U[a-z]|Y)\.?\s?A")
_ONE_SPAN = re.compile(r"(\d+|C[a-jz])\s?-?\s?(?:U([a-z])|(Y))")
_DAY_WORD = re.compile(r"R(?P<r>[tyb])|L\s?Ud(?P<l>)")
_JUST_NOW = re.compile("J\\s?G")
_SECONDS = {"s": 1, "i": 60, "h": 3600}


def read_date(text: str, *, now: datetime | None = None, day_first: bool | None = True) -> date | datetime | None:
    """Read the date in a string: an aware datetime if it has an offset, a naive one if it has a time, else a date.

    Relative dates and days without a year need `now`, the site's local time; a day without a year is the latest such
    day up to `now`. With `day_first` None, figures that could be in either order are not read. Returns None if the
    string has no complete date, an impossible one, or several.

    >>> read_date("Сенбі, 20 қыркүйек, 2014 жыл сағат 12:19")
    datetime.datetime(2014, 9, 20, 12, 19)
    >>> read_date("2020 жылғы 28 сәуірдегі"), read_date("11 şılde 2024"), read_date("2025 жыл")
    (datetime.date(2020, 4, 28), datetime.date(2024, 7, 11), None)
    >>> read_date("3 күн бұрын", now=datetime(2025, 2, 18, 16, 0))
    datetime.date(2025, 2, 15)
    """
    if len(text) > _MAX_LENGTH:
        return None
    coded = _encode(text)
    return _with_year(coded, day_first=day_first) if now is None else _any_form(coded, now, day_first=day_first)


def find_date(text: str, *, now: datetime | None = None) -> date | datetime | None:
    """Find the date in a short header line among section names and counters; None if there is none or several.

    Stricter than read_date: the date needs a year or a time of day, or must be the whole line. Lines with weather or
    exchange rates are rejected, since they show the day of reading.

    >>> find_date("Ақмылтық 153 0 пікір 30 қаңтар, 2026 сағат 13:48")
    datetime.datetime(2026, 1, 30, 13, 48)
    >>> find_date("+15 °C Алматы 2024 Жыл 24 Сәуiр")
    """
    if len(text) > _MAX_LENGTH or _WIDGET.search(text):
        return None
    coded = _encode(text)
    found = _with_year(coded, day_first=True)
    if found is not None or now is None:
        return found
    found = _any_form(coded, now, day_first=True)
    return found if isinstance(found, datetime) or "X" not in coded else None


_WIDGET = re.compile(r"°|[$€₽₸]|\b(?:USD|EUR|RUB)\b|[+-]?\d+(?:[.,]\d)? [CС]\b")


def _encode(text: str) -> str:
    """Encode a line for the date patterns."""
    line = fold_lookalikes(clean_text(text)).translate(_DIGITS).translate(_MARKS)
    line = _NOON_MARK.sub(r"\1m", line)
    codes: list[str] = []
    tokens: list[str] = _TOKEN.findall(line)
    for i, token in enumerate(tokens):
        if token.isdigit() or not token[0].isalpha():
            codes.append(" " if token.isspace() else token)
            continue
        code = code_of(token)
        if code in ("X", "B", "Y") and _follows_figure(tokens, i) and (code != "Y") and is_number_suffix(token):
            if codes[-1] == "-":
                codes.pop()
            continue
        codes.append("" if code == "B" else code)
    return "".join(codes).strip()


def _follows_figure(tokens: list[str], i: int) -> bool:
    if i and tokens[i - 1] == "-":
        return i > 1 and tokens[i - 2].isdigit()
    return i > 0 and tokens[i - 1].isdigit()


def _with_year(coded: str, *, day_first: bool | None) -> date | datetime | None:
    """Return the only complete date of an encoded line, with its time; None if there is none or it is ambiguous."""
    matches = list(_whole_dates(coded))
    days = {_day(m, day_first=day_first) for m in matches}
    if len(days) != 1 or None in days or _other_days(coded, matches):
        return None
    day = days.pop()
    assert day is not None
    return _with_time(coded, matches[0].start(), matches[0].end(), day)


def _whole_dates(coded: str) -> Iterator[re.Match[str]]:
    taken: list[tuple[int, int]] = []
    for pattern in _DATED:
        for match in pattern.finditer(coded):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                yield match


def _day(match: re.Match[str], *, day_first: bool | None) -> date | None:
    """Convert a match to a date; None if the date is impossible or part of a range."""
    if _DAY_RANGE_BEFORE.search(match.string, 0, match.start()):
        return None
    groups = match.groupdict()
    year, day = int(groups["y"]), int(groups["d"])
    if groups.get("m"):
        return _calendar(year, "abcdefghijkl".index(groups["m"]) + 1, day)
    month = int(groups["n"])
    if year < 100:
        year += 2000 if year < 70 else 1900
    year_first = match.start("y") < match.start("d")
    if year_first or (day_first and month <= 12) or day > 12 or day == month:
        return _calendar(year, month, day) if 1900 <= year < 2100 else None
    # Only US dates have the month first; their slashes are encoded as bars.
    return _calendar(year, day, month) if month > 12 and groups["s"] == "|" else None


def _calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _other_days(coded: str, matches: list[re.Match[str]]) -> bool:
    """True if the line also has a day without a year."""
    rest = coded
    for match in matches:
        rest = rest[: match.start()] + "#" * (match.end() - match.start()) + rest[match.end() :]
    return any(pattern.search(rest) for pattern in _NO_YEAR) or bool(re.search(r"#-\s?\d{1,2}(?![\d:.])", rest))


def _any_form(coded: str, now: datetime, *, day_first: bool | None) -> date | datetime | None:
    if any(pattern.search(coded) for pattern in _DATED):
        return _with_year(coded, day_first=day_first)
    local = now.replace(tzinfo=None)
    return (
        _without_year(coded, local) if _NO_YEAR[0].search(coded) or _NO_YEAR[1].search(coded) else _relative(coded, now)
    )


def _without_year(coded: str, now: datetime) -> date | datetime | None:
    matches = [m for pattern in _NO_YEAR for m in pattern.finditer(coded)]
    days = {("abcdefghijkl".index(m["m"]) + 1, int(m["d"])) for m in matches}
    if len(days) != 1 or len(re.findall("M[a-l]", coded)) > 1 or _DAY_RANGE_BEFORE.search(coded, 0, matches[0].start()):
        return None
    month, day = days.pop()
    candidates = (_calendar(year, month, day) for year in range(now.year, now.year - 9, -1))
    latest = next((d for d in candidates if d and d <= now.date()), None)
    return latest and _with_time(coded, matches[0].start(), matches[0].end(), latest)


def _with_time(coded: str, start: int, end: int, day: date) -> date | datetime | None:
    """Combine the day with the time right after or before it, and with the line's UTC offset."""
    match = _TIME_AFTER.match(coded, end) or _TIME_BEFORE.search(coded, 0, start)
    if match is None:
        return day
    groups = match.groupdict()
    hour, minute = int(groups["h"] or groups["h2"]), int(groups["i"] or groups["i2"])
    if groups["p"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if groups["p"] == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    time = clock_time(hour, minute, min(int(groups["sec"] or 0), 59), tzinfo=_offset(coded))
    return datetime.combine(day, time)


def _offset(coded: str) -> timezone | None:
    match = _OFFSET.search(coded)
    if match is None:
        return None
    if match["utc"]:
        return UTC
    sign, hours, minutes = _OFFSET_PARTS.search(match[0]).groups("0")  # type: ignore[union-attr]
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(offset if sign == "+" else -offset) if offset < timedelta(hours=15) else None


def _relative(coded: str, now: datetime) -> date | datetime | None:
    if coded.count("X") > 4:
        return None
    if match := _AGO.search(coded):
        return _ago(match, now)
    if _JUST_NOW.search(coded):
        return now.replace(second=0, microsecond=0)
    words = list(_DAY_WORD.finditer(coded))
    if len(words) != 1 or re.match(r"[\s,.]*\d{3,}", coded[words[0].end() :]):
        return None
    days = {"t": 0, "y": 1, "b": 2}.get(words[0]["r"] or "b", 2)
    day = (now - timedelta(days=days)).date()
    return _with_time(coded, words[0].start(), words[0].end(), day)


def _ago(match: re.Match[str], now: datetime) -> date | datetime | None:
    parts = _ONE_SPAN.findall(match["spans"]) if match["spans"] else [("1", match["one"][1:], match["one"] == "Y")]
    at, exact = now, True
    for count, unit, year in parts:
        number = int(count) if count.isdigit() else "abcdefghij".find(count[1]) + 1
        kind = "y" if year else unit
        if number == 0:
            # "Half": only half an hour is precise enough.
            if kind != "h":
                return None
            at -= timedelta(minutes=30)
        elif kind in _SECONDS:
            at -= timedelta(seconds=number * _SECONDS[kind])
        else:
            at, exact = _earlier(at, number, kind), False
    return at.replace(second=0, microsecond=0) if exact else at.date()


def _earlier(at: datetime, number: int, kind: str) -> datetime:
    if kind in "dw":
        return at - timedelta(days=number * (7 if kind == "w" else 1))
    months = at.year * 12 + at.month - 1 - number * (12 if kind == "y" else 1)
    year, month = divmod(months, 12)
    for day in range(at.day, at.day - 4, -1):
        if _calendar(year, month + 1, day):
            break
    return at.replace(year=year, month=month + 1, day=day)
