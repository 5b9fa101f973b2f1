"""RunCaptures: keeps the responses of a run, except those of what was taken down."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response

from newsarchive.crawling.advice import certificate_alerts
from newsarchive.crawling.batches import Member
from newsarchive.crawling.certificates import VALID, host_of
from newsarchive.crawling.opening import OpenArchive
from newsarchive.crawling.recorders import write_response
from newsarchive.database.alerts import Alert
from newsarchive.database.certificates import note_certificates
from newsarchive.items import Capture
from newsarchive.text.encodings import inflate
from newsarchive.times import now


class RunCaptures:
    """Writes responses into the run's WARC file and the table `captures`, and notes the certificates they came with."""

    def __init__(self, archive: OpenArchive, member: Member) -> None:
        self._archive = archive
        self._member = member
        self._certificates: dict[str, str] = {}

    def save(self, request: Request, response: Response) -> Capture | None:
        """Keep a response with its request; return None if it is not to be kept."""
        if self._archive.forgotten.has(response.url) or self._lists_forgotten(request, response):
            return None
        capture = write_response(self._archive.warc, request, response)
        if capture is not None:
            archive = self._archive
            archive.batch.save_capture(capture, run=archive.run, warc=archive.warc, member=self._member)
            host = host_of(urlsplit(capture.url).hostname)
            if capture.tls and self._certificates.get(host, VALID) == VALID:
                self._certificates[host] = capture.tls
        return capture

    def _lists_forgotten(self, request: Request, response: Response) -> bool:
        """Return whether a listing names what was taken down: it may hold the text, so it is read but not kept."""
        forgotten = self._archive.forgotten
        if not forgotten or request.meta.get("keep_encoded") or request.meta.get("image"):
            return False
        encoding = (response.headers.get("Content-Encoding") or b"").decode("latin-1")
        return forgotten.named_in(inflate(response.body, encoding).decode("utf-8", "replace"))

    def certificate_alerts(self) -> list[Alert]:
        """Store what the hosts' certificates are worth; return a sentence for each that changed."""
        changes = note_certificates(self._archive.db, self._archive.site.name, self._certificates, now())
        return certificate_alerts(changes)
