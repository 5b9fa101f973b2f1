"""Delivers what is still to be told: composed anew at each attempt, recorded once it is sent.

A process that is killed between the two sends one message twice; nothing else does.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from newsarchive.configuration import News, Notify
from newsarchive.database import open_archive
from newsarchive.database.notices import (
    digest_state,
    keep_recipients,
    note_told_alerts,
    note_told_digest,
    untold_alerts,
    untold_deletions,
)
from newsarchive.errors import NewsArchiveError
from newsarchive.notify.channels import NotSent, send
from newsarchive.notify.messages import DETAILS_WITHHELD, AlertNews, Message, alert_message, digest_message
from newsarchive.notify.news import Withheld, digest_of, newest_revision
from newsarchive.times import now

LOCK = "notify.lock"
_DAYS = {"run": 0, "day": 1, "week": 7}


class NothingToTell(NewsArchiveError):
    """The archive's configuration has no recipients."""


def prepare(folder: Path, notify: Notify) -> None:
    """Record who is told of what from now on; to be called before a run brings news."""
    with closing(open_archive(folder)) as db:
        keep_recipients(db, notify.to, list(_digests(notify)))


def deliver(folder: Path, notify: Notify) -> tuple[int, list[str]]:
    """Send what each recipient has not been told; return how many messages were sent, and a sentence for each failure.

    What could not be sent is sent by the next call. Two processes never send the same.
    """
    if not notify.to:
        return 0, []
    prepare(folder, notify)
    failures: dict[str, str] = {}
    sent = 0
    with _alone(folder), closing(open_archive(folder)) as db:
        for recipient in notify.to:
            try:
                for _ in _send_all(db, notify, recipient):
                    sent += 1
            except NotSent as error:
                failures[recipient] = str(error)
    return sent, [f"{name} could not be told ({reason}); the next run tries again" for name, reason in failures.items()]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with open(folder / LOCK, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digests(notify: Notify) -> Iterator[tuple[str, str]]:
    """Yield name and recipient of each digest."""
    for news in notify.news:
        for recipient in news.to or notify.to:
            yield news.name, recipient


def _send_all(db: Database, notify: Notify, recipient: str) -> Iterator[Message]:
    """Send one recipient all that it is to be told; yield each message once that is recorded. Raises NotSent."""
    address = notify.to[recipient]
    if notify.alerts is None or recipient in notify.alerts:
        yield from _send_alerts(db, recipient, address)
    for news in notify.news:
        if not news.to or recipient in news.to:
            yield from _send_digest(db, news, recipient, address)


def _send_alerts(db: Database, recipient: str, address: str) -> Iterator[Message]:
    rows = untold_alerts(db, recipient)
    if not rows:
        return
    withheld = Withheld(db)
    alerts = [_alert(row, withheld) for row in rows]
    message = alert_message(alerts)
    send(address, message)
    note_told_alerts(db, recipient, [(alert.alert, event) for alert in alerts for event in alert.events])
    yield message


def _alert(row: Mapping[str, Any], withheld: Withheld) -> AlertNews:
    began = () if row["told_began"] else ("began",)
    return AlertNews(
        alert=row["id"],
        site=row["site"],
        sentence=DETAILS_WITHHELD if withheld.named_in(row["sentence"]) else row["sentence"],
        began=row["began"],
        ended=row["ended"] or "",
        events=(*began, "ended") if row["ended"] else began,
    )


def _send_digest(db: Database, news: News, recipient: str, address: str) -> Iterator[Message]:
    after, last = digest_state(db, news.name, recipient)
    if not is_due(news.every, last, now()):
        return
    upto, deletions = newest_revision(db), untold_deletions(db, news.name, recipient)
    digest = digest_of(db, news, after=after, upto=upto, deletions=[article for article, _ in deletions])
    message = digest_message(digest) if digest else None
    if message:
        send(address, message)
    if message or upto != after or deletions:
        note_told_digest(db, news.name, recipient, upto=upto, deletions=deletions, sent=bool(message))
    if message:
        yield message


def is_due(every: str, last: str, present: str) -> bool:
    """Return whether a digest may be sent again: days are those of UTC.

    >>> is_due("day", "2025-02-18T23:59:00Z", "2025-02-19T00:01:00Z"), is_due("week", "2025-02-18", "2025-02-24")
    (True, False)
    """
    return date.fromisoformat(present[:10]) >= date.fromisoformat(last[:10]) + timedelta(days=_DAYS[every])
