"""The archive's own configuration, `newsarchive.toml` in its folder: who is told what, and how it crawls.

The file may hold passwords, so no message quotes a value of it, and no object shows one.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsarchive.errors import NewsArchiveError

FILE = "newsarchive.toml"
OWNER_ONLY = 0o600
MOST_PARALLEL = 64
"""Sites that are crawled at once at most."""
EVERY = ("run", "day", "week")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class ConfigurationError(NewsArchiveError, ValueError):
    """An invalid `newsarchive.toml`; the message names the file and the key."""


@dataclass(frozen=True, kw_only=True)
class News:
    """A digest of what the newspapers did: new articles that match a search, edits of headlines, deletions."""

    name: str
    search: str = ""
    """A query as `newsarchive search` takes it; empty for all articles."""
    sites: tuple[str, ...] = ()
    """The sites it is about; empty for all."""
    every: str = "day"
    articles: bool = True
    headlines: bool = True
    deletions: bool = True
    to: tuple[str, ...] = ()
    """The recipients by name; empty for all."""


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Who is told of alerts and news."""

    to: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Address of each recipient by name, as Apprise takes it; it may hold a password."""
    alerts: tuple[str, ...] | None = None
    """The recipients of alerts by name; None for all."""
    news: tuple[News, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What an archive's `newsarchive.toml` says."""

    contact: str = ""
    parallel: int | None = None
    notify: Notify = field(default_factory=Notify)
    exposed: bool = False
    """True if it holds addresses of recipients and other users of the machine may read it."""


def read_configuration(folder: Path) -> Configuration:
    """Read the configuration of the archive in `folder`; the defaults if there is none.

    Raises ConfigurationError, which names file and key, on broken TOML, unknown keys and values of the wrong type.
    """
    path = folder / FILE
    try:
        mode = path.stat().st_mode
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return Configuration()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except RecursionError:
        raise ConfigurationError(f"{path}: not valid TOML: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML{place_of_error(str(error))}") from None
    except ValueError:  # not UTF-8, or a number with thousands of digits
        raise ConfigurationError(f"{path}: not valid TOML: it must be UTF-8 text with ordinary numbers") from None
    table = Table(data, where=str(path), name="")
    configuration = Configuration(
        contact=_contact(table),
        parallel=table.number("parallel", least=1, most=MOST_PARALLEL),
        notify=_notify(table.table("notify")),
    )
    table.end()
    exposed = bool(configuration.notify.to) and bool(mode & (stat.S_IRGRP | stat.S_IROTH))
    return Configuration(**{**vars(configuration), "exposed": exposed})


def is_contact(text: str) -> bool:
    """True for a mail address or the address of a web page, which a site can reach us at.

    >>> [is_contact(text) for text in ("a@b.kz", "https://b.kz/bot", "me", "a@b", "a@b.kz (me)")]
    [True, True, False, False, False]
    """
    return bool(re.fullmatch(r"[^\s@<>()\"'\\]+@[^\s@<>()\"'\\]+\.[^\s@.<>()\"'\\]+|https?://[^\s<>()\"'\\]+", text))


class Table:
    """A table of the file while it is read: each key is taken once, and those left over are errors."""

    def __init__(self, data: Mapping[str, Any], *, where: str, name: str) -> None:
        self.where = f"{where}: {name}" if name else where
        self._data = dict(data)
        self._file = where
        self._known: list[str] = []

    def error(self, sentence: str) -> ConfigurationError:
        """Return an error in this table."""
        return ConfigurationError(f"{self.where}: {sentence}")

    def take(self, key: str, kind: type, described: str) -> Any:
        """Return the value of a key, None without one. Raises ConfigurationError if it is of another type."""
        self._known.append(key)
        value = self._data.pop(key, None)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise self.error(f"{key} must be {described}")
        return value

    def text(self, key: str) -> str:
        """Return a line of text; empty without one."""
        value = self.take(key, str, "text") or ""
        if any(ord(letter) < 32 for letter in value):
            raise self.error(f"{key} must be one line of text")
        return str(value)

    def names(self, key: str) -> tuple[str, ...] | None:
        """Return a list of names."""
        value = self.take(key, list, "a list of text")
        if value is not None and not all(isinstance(name, str) for name in value):
            raise self.error(f"{key} must be a list of text")
        return None if value is None else tuple(value)

    def number(self, key: str, *, least: int, most: int) -> int | None:
        """Return a whole number."""
        value: int | None = self.take(key, int, "a whole number")
        if value is not None and not least <= value <= most:
            raise self.error(f"{key} must be between {least} and {most}")
        return value

    def switch(self, key: str) -> bool:
        """Return true or false; true without one."""
        value = self.take(key, bool, "true or false")
        return True if value is None else bool(value)

    def table(self, key: str) -> Table:
        """Return a table in it; an empty one without one."""
        value = self.take(key, dict, f"a table, [{key}]")
        return Table(value or {}, where=self._file, name=f"[{key}]")

    def tables(self, key: str, header: str) -> list[Table]:
        """Return the tables of a list."""
        value = self.take(key, list, f"written as {header}") or []
        if not all(isinstance(row, dict) for row in value):
            raise self.error(f"{key} must be written as {header}")
        return [Table(row, where=self._file, name=header) for row in value]

    def end(self) -> None:
        """Raise ConfigurationError if any key is left."""
        for key in self._data:
            named = f"unknown key “{key}”" if _NAME.fullmatch(key) else "an unknown key"  # may be a misplaced address
            raise self.error(f"{named}; known keys: {', '.join(self._known)}")


def _contact(table: Table) -> str:
    contact = table.text("contact")
    if contact and not is_contact(contact):
        raise table.error("contact must be a mail address or the address of a web page")
    return contact


def _notify(table: Table) -> Notify:
    to = _recipients(table)
    alerts = table.names("alerts")
    news = tuple(_news(row, to) for row in table.tables("news", "[[notify.news]]"))
    table.end()
    _known_names(table, "alerts", alerts or (), to)
    names = [digest.name for digest in news]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise table.error(f"news: the name “{twice}” is given twice")
    return Notify(to=to, alerts=alerts, news=news)


def _recipients(table: Table) -> dict[str, str]:
    to = table.take("to", dict, "a table of names and addresses, [notify.to]") or {}
    for number, (name, address) in enumerate(to.items(), 1):
        if not _NAME.fullmatch(name):
            raise table.error(f"to: name {number} must be letters, digits, - and _ only")
        if not isinstance(address, str) or not _SCHEME.fullmatch(address.partition("://")[0]) or "://" not in address:
            raise table.error(f"to: {name} must be an address for Apprise, such as mailtos://USER:PASSWORD@HOST")
        if any(ord(letter) < 33 for letter in address):
            raise table.error(f"to: {name} must have no spaces or line breaks; write a space as %20")
    return dict(to)


def _news(table: Table, to: Mapping[str, str]) -> News:
    name = table.text("name")
    if not _NAME.fullmatch(name):
        raise table.error("name must be given: letters, digits, - and _ only")
    news = News(
        name=name,
        search=table.text("search"),
        sites=table.names("sites") or (),
        every=table.text("every") or "day",
        articles=table.switch("articles"),
        headlines=table.switch("headlines"),
        deletions=table.switch("deletions"),
        to=table.names("to") or (),
    )
    table.end()
    if news.every not in EVERY:
        raise table.error(f"every must be one of: {', '.join(EVERY)}")
    _known_names(table, "to", news.to, to)
    return news


def _known_names(table: Table, key: str, names: tuple[str, ...], to: Mapping[str, str]) -> None:
    for name in names:
        if name not in to:
            named = f"“{name}”" if _NAME.fullmatch(name) else "one of its names"
            raise table.error(f"{key}: {named} is not in [notify.to]; known: {', '.join(to) or 'none'}")


def place_of_error(message: str) -> str:
    """Return where TOML is broken, without what stands there.

    >>> place_of_error("Unescaped '\\\\' in a string (at line 3, column 9)")
    ' (at line 3, column 9)'
    """
    found = re.search(r" \(at (?:line \d+, column \d+|end of document)\)$", message)
    return found[0] if found else ""
