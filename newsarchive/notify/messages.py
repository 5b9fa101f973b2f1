"""The words of messages, from rows. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsarchive.text.counting import counted

MOST_LINES = 50
"""Articles named in each part of a digest; the others are counted."""
DETAILS_WITHHELD = "an alert whose details are withheld (newsarchive status)"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent; `kind` is info, warning or success."""

    title: str
    body: str
    kind: str = "info"


@dataclass(frozen=True, kw_only=True)
class AlertNews:
    """What to tell of an alert: that it began, that it is over, or both."""

    alert: int
    site: str
    sentence: str
    began: str
    ended: str
    events: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """An article in a digest, and what its headline was before, if that changed."""

    site: str
    url: str
    title: str
    day: str = ""
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What a digest has to tell."""

    name: str
    articles: Sequence[Headline] = ()
    headlines: Sequence[Headline] = ()
    deletions: Sequence[Headline] = ()

    def __bool__(self) -> bool:
        return bool(self.articles or self.headlines or self.deletions)


def alert_message(alerts: Sequence[AlertNews]) -> Message:
    """Return the message on alerts that began or are over.

    >>> over = AlertNews(alert=1, site="a", sentence="it is silent", began="2025-02-18T09:35:07Z",
    ...                  ended="2025-02-20T09:35:07Z", events=("ended",))
    >>> print(alert_message([over]).title, alert_message([over]).body, sep="|")
    newsarchive: 1 alert is over|Over since 2025-02-20 09:35 UTC, a: it is silent (since 2025-02-18 09:35 UTC)
    """
    lasting = [alert for alert in alerts if not alert.ended]
    over = [alert for alert in alerts if alert.ended]
    title = [counted(len(lasting), "alert")] if lasting else []
    title += [f"{counted(len(over), 'alert')} {'is' if len(over) == 1 else 'are'} over"] if over else []
    lines = [f"Since {_time(alert.began)}, {_whose(alert)}: {alert.sentence}" for alert in lasting]
    lines += [
        f"Over since {_time(alert.ended)}, {_whose(alert)}: {alert.sentence} (since {_time(alert.began)})"
        for alert in over
    ]
    return Message(
        title=f"newsarchive: {', '.join(title)}", body="\n\n".join(lines), kind="warning" if lasting else "success"
    )


def digest_message(digest: Digest) -> Message:
    """Return the message of a digest."""
    parts = [
        (digest.articles, "new article", "new articles", _article),
        (digest.headlines, "edited headline", "edited headlines", _headline),
        (digest.deletions, "deleted article", "deleted articles", _article),
    ]
    told = [(rows, one if len(rows) == 1 else many, line) for rows, one, many, line in parts if rows]
    title = ", ".join(f"{len(rows):,} {noun}" for rows, noun, _ in told)
    sections = []
    for rows, noun, line in told:
        lines = [f"{len(rows):,} {noun}", *(line(row) for row in rows[:MOST_LINES])]
        lines += [f"… and {len(rows) - MOST_LINES:,} more"] if len(rows) > MOST_LINES else []
        sections.append("\n\n".join(lines))
    return Message(title=f"newsarchive, {digest.name}: {title}", body="\n\n\n".join(sections))


def trial_message() -> Message:
    """Return the message of `notify --test`."""
    return Message(title="newsarchive: a test", body="This is a test. Messages of newsarchive will come here.")


def _article(row: Headline) -> str:
    day = f"{row.day}, " if row.day else ""
    return f"{row.title or 'Without a title'}\n{day}{row.site}: {row.url}"


def _headline(row: Headline) -> str:
    return f"{row.title or 'Without a title'}\nbefore: {row.before or 'without a title'}\n{row.site}: {row.url}"


def _whose(alert: AlertNews) -> str:
    return alert.site or "the archive"


def _time(stamp: str) -> str:
    return f"{stamp[:16].replace('T', ' ')} UTC"
