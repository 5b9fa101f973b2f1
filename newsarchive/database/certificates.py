"""What the TLS certificates of a site's hosts were worth when they were last crawled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlite_utils import Database


class CertificateChange(NamedTuple):
    """A host whose certificate is worth something else than before; `before` is empty where nothing was known."""

    host: str
    before: str
    now: str


def note_certificates(db: Database, site: str, seen: Mapping[str, str], time: str) -> list[CertificateChange]:
    """Write what a run has `seen` (host: verdict) and give what is different from before."""
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
