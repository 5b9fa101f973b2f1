"""The verdicts on the TLS certificates of a site's hosts when they were last crawled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlite_utils import Database


class CertificateChange(NamedTuple):
    """A host with a new verdict on its certificate; `before` is empty if there was none."""

    host: str
    before: str
    now: str


def note_certificates(db: Database, site: str, seen: Mapping[str, str], time: str) -> list[CertificateChange]:
    """Store the verdicts that a run has `seen`, by host, and return those that changed."""
    known = dict(db.conn.execute("select host, verdict from certificates where site = ?", (site,)).fetchall())
    changes = [CertificateChange(h, known.get(h, ""), v) for h, v in sorted(seen.items()) if known.get(h) != v]
    with db.atomic():
        for change in changes:
            db.conn.execute(
                "insert into certificates (site, host, verdict, since) values (?, ?, ?, ?) on conflict (site, host)"
                " do update set verdict = excluded.verdict, since = excluded.since",
                (site, change.host, change.now, time),
            )
    return changes
