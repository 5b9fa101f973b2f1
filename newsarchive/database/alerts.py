"""Alerts: what needs a person, when it began, and when it was over."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlite_utils import Database

OF_ARCHIVE = frozenset({"disk", "crash"})
"""Codes of alerts that are about the archive, whichever site's run finds them."""


class AlertKey(NamedTuple):
    """Which alert of a site it is: what kind, and about what (a source, a field, a host), if there may be several."""

    code: str
    about: str = ""


class Alert(str):
    """A sentence on what needs a person, which knows which alert it is whatever its words.

    >>> alert = Alert("the disk is nearly full", code="disk")
    >>> alert, alert.key
    ('the disk is nearly full', AlertKey(code='disk', about=''))
    """

    key: AlertKey
    over: bool

    def __new__(cls, sentence: str, *, code: str = "error", about: str = "", over: bool = False) -> Alert:
        """`over` is True if the sentence says that the alert is over."""
        self = super().__new__(cls, sentence)
        self.key, self.over = AlertKey(code, about), over
        return self

    @classmethod
    def of(cls, sentence: str) -> Alert:
        """Return a sentence as an alert; one that is none yet is about an error."""
        return sentence if isinstance(sentence, Alert) else cls(sentence)


def note_alerts(db: Database, site: str, alerts: Iterable[str], *, well: Collection[AlertKey] = (), time: str) -> None:
    """Record what a run found: alerts begin, or go on, and those are over about which it found all to be `well`.

    An alert that a run had no occasion to judge stays as it was.
    """
    found: dict[AlertKey, list[str]] = {}
    over = set(well)
    for alert in map(Alert.of, alerts):
        over.add(alert.key) if alert.over else found.setdefault(alert.key, []).append(alert)
    with db.atomic():
        for key, sentences in found.items():
            db.conn.execute(
                "insert into alerts (site, code, about, sentence, began, seen) values (?, ?, ?, ?, ?, ?)"
                " on conflict (site, code, about) where ended is null"
                " do update set sentence = excluded.sentence, seen = excluded.seen",
                (_owner(site, key), *key, "; ".join(sentences), time, time),
            )
        for key in over - found.keys():
            db.conn.execute(
                "update alerts set ended = ? where site = ? and code = ? and about = ? and ended is null",
                (time, _owner(site, key), *key),
            )


def _owner(site: str, key: AlertKey) -> str:
    return "" if key.code in OF_ARCHIVE else site


def open_alerts(db: Database, site: str | None = None) -> list[dict[str, Any]]:
    """Return the alerts that are not over, of a site or of all, with the time each began (UTC)."""
    return list(
        db.query(
            "select site, code, about, sentence, began, seen from alerts where ended is null"
            " and (:site is null or site in (:site, '')) order by site, began, id",
            {"site": site},
        )
    )


def began(db: Database, site: str, key: AlertKey) -> str:
    """Return since when an alert lasts (UTC); empty if there is none."""
    row = db.conn.execute(
        "select began from alerts where site = ? and code = ? and about = ? and ended is null",
        (_owner(site, key), *key),
    ).fetchone()
    return str(row[0]) if row else ""


def open_about(db: Database, site: str, code: str) -> set[str]:
    """Return what the alerts of a kind that are not over are about."""
    rows = db.conn.execute("select about from alerts where site = ? and code = ? and ended is null", (site, code))
    return {about for (about,) in rows}
