"""Advice: what a person should know of a finished crawl, though nothing needs to be done."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from newsarchive.crawling.certificates import VALID
from newsarchive.database.alerts import Alert
from newsarchive.database.certificates import CertificateChange
from newsarchive.database.claims import distrusted

ENOUGH_SHARING = 3
"""Pages that name one canonical URL in vain, before that is reported."""


def certificate_alerts(changes: Iterable[CertificateChange]) -> list[Alert]:
    """Return sentences on certificates that became invalid or valid again; a new valid one is no news."""
    return [
        Alert(f"the TLS certificate of {change.host} is valid again", code="certificate", about=change.host, over=True)
        if change.now == VALID
        else Alert(
            f"the TLS certificate of {change.host} is not valid: {change.now}. Its pages are kept, and marked so"
            " (captures.tls); --strict-tls refuses them",
            code="certificate",
            about=change.host,
        )
        for change in changes
        if change.before or change.now != VALID
    ]


def canonical_alert(db: Database, site: str) -> Alert | None:
    """Return a sentence on canonical URLs that are not believed, if many pages name one; None if all is well."""
    shared, every = distrusted(db, site)
    if shared < ENOUGH_SHARING:
        return None
    return Alert(
        f"{every:,} pages name the URL of another page as canonical. That is not believed: each is an article of its"
        " own (urls.canonical in the database tells which they are)",
        code="canonical",
    )
