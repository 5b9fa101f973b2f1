"""The reading room inside Datasette: routes, pages in threads, headers, errors."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from datasette.utils.asgi import Request, Response  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlite_utils import Database

from newsarchive.browse import api, feeds
from newsarchive.browse.addresses import readable_url, with_prefix
from newsarchive.browse.archives import list_sites
from newsarchive.browse.conditional import unchanged
from newsarchive.browse.languages import LANGUAGES, Speech
from newsarchive.browse.notebook.posting import make_token, posted_body, writing_of
from newsarchive.browse.paths import Paths
from newsarchive.browse.prose import REL, is_web_address
from newsarchive.browse.responses import (
    POLICY,
    download_response,
    html_response,
    remember_language,
    speech_of,
    stream_headers,
)
from newsarchive.browse.routes import ROUTES
from newsarchive.browse.streams import StreamedResponse
from newsarchive.browse.visits import (
    Download,
    MissingError,
    MisunderstoodError,
    Page,
    Redirect,
    RefusedError,
    Stream,
    View,
    Visit,
    address,
    for_spreadsheet,
)
from newsarchive.database import ArchiveError, read_archive
from newsarchive.errors import NewsArchiveError
from newsarchive.notebook import NotebookError
from newsarchive.search import DayError, FilterError, Reading

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
PATIENCE = 30
"""Seconds after which the queries of a page are interrupted."""


class Room(Paths):
    """One archive and the templates of its pages.

    With a `prefix`, it is one newspaper of a collection: the links of its pages begin with it, and the header is that
    of the collection.
    """

    gathers = False
    """True for the pages of a whole collection."""

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str = "",
        notes: bool = True,
        collection: Callable[[], AbstractContextManager[Reading]] | None = None,
    ) -> None:
        self.folder = folder
        self.prefix = prefix
        self.collection = collection
        self.notes = notes
        self.token = make_token(secrets.token_bytes(32))
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(
            address=address,
            article_path=self.article_path,
            data_path=self.data_path,
            feeds=feeds.NAMES,
            gathers=self.gathers,
            home_path=self.home_path,
            name_path=self.name_path,
            reprints_path=self.reprints_path,
            has_notebook=notes,
            for_spreadsheet=for_spreadsheet,
            is_web_address=is_web_address,
            languages=LANGUAGES,
            readable=readable_url,
            rel=REL,
        )

    def routes(self) -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
        """Return every page as a Datasette route."""
        return [(f"^{pattern}$", self._route(view)) for pattern, view in ROUTES.items()]

    def _route(self, view: View) -> Callable[..., Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            body = await posted_body(request)
            if body is None:
                return self.failure(request, 413, "error_large")
            return await asyncio.to_thread(self.answer, request, view, body)

        return respond

    def answer(self, request: Request, view: View, body: bytes = b"") -> Response:
        """Return one page, read from a consistent snapshot of the archive. Failures become error pages in our style.

        `body` is a posted form.
        """
        speech = speech_of(request)
        try:
            with self.opened() as reading:
                named = {k: v for k, v in request.url_vars.items() if v is not None}
                visit = Visit(
                    reading=reading,
                    folder=self.folder,
                    speech=speech,
                    path=request.path,
                    method=request.method,
                    origin=f"{request.scheme}://{request.host}{self.prefix}",
                    prefix=self.prefix,
                    named=named,
                    form=parse_qs(request.query_string),
                    collection=self.collection,
                    **writing_of(request, self.token if self.notes else "", body),
                )
                answer = view(visit)
                if isinstance(answer, Stream):
                    return self._stream(request, answer)
                response = self._response(visit, answer)
        except MissingError:
            return self.failure(request, 404, "error_missing")
        except RefusedError as error:
            return self.failure(request, 403, str(error.args[0]))
        except NotebookError as error:
            return self.failure(request, 503, "error_notes", str(error))
        except MisunderstoodError as error:
            return self.failure(request, 400, str(error.args[0]))
        except FilterError as error:
            return self.failure(request, 400, "error_filter", _explained(error, request))
        except ArchiveError as error:
            return self.failure(request, 503, "error_archive", str(error))
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
                raise
            return self.failure(request, 503, "error_slow")
        return remember_language(request, unchanged(request.headers, response) or response)

    def _stream(self, request: Request, stream: Stream) -> Response:
        def failed(error: NewsArchiveError | None) -> Response:
            if error is None:
                return self.failure(request, 503, "error_busy")
            return self.failure(request, 400, "error_export", str(error))

        return StreamedResponse(stream, request, headers=stream_headers(stream), failed=failed)

    @contextmanager
    def opened(self) -> Iterator[Reading]:
        """Open what is read. One read transaction: all queries of a page see the same archive while a crawl writes."""
        db = read_archive(self.folder)
        try:
            db.conn.execute("begin")
            limit_time(db)
            yield db
        finally:
            db.close()

    def _response(self, visit: Visit, answer: Page | Download | Redirect) -> Response:
        if isinstance(answer, Download):
            return download_response(answer)
        if isinstance(answer, Redirect):
            return Response.redirect(self.prefix + answer.path)
        sites = {row["name"]: row for row in list_sites(visit.reading)}
        html = self.draw(answer, visit.speech, visit, sites)
        policy = "; ".join(filter(None, [POLICY, answer.policy]))
        return html_response(html, visit.speech, status=answer.status, policy=policy)

    def draw(self, page: Page, speech: Speech, visit: Visit | None, sites: Mapping[str, Any]) -> str:
        """Return a page as HTML."""

        def site_title(name: str) -> str:
            return str(sites[name]["title"] or name) if name in sites else name

        zone = page_zone(page, sites)

        def when(stamp: str | None, site: str = "", *, time: bool = False) -> str:
            # A day is that of the newspaper, as in its address; all times of a page are in one zone.
            return speech.date(stamp, sites[site]["timezone"] if site in sites and not time else zone, time=time)

        html = self.templates.get_template(page.template).render(
            {
                **page.values,
                "title": page.title,
                "speech": speech,
                "t": speech.text,
                "number": speech.number,
                "percent": speech.percent,
                "site_title": site_title,
                "when": when,
                "path": visit.path if visit else "/",
                "token": visit.token if visit else "",
                "language_link": lambda name: self.prefix + visit.link(lang=name) if visit else address("/", lang=name),
            }
        )
        return with_prefix(html, self.prefix) if self.prefix and page.template != "header.html" else html

    def header(self, request: Request | None) -> Markup:
        """Return our page header for Datasette's own pages."""
        speech = speech_of(request)
        page = Page(template="header.html", title="")
        return Markup(self.draw(page, speech, None, {}))  # noqa: S704 - the template escapes

    def failure(self, request: Request | None, status: int, key: str, detail: str = "") -> Response:
        """Return an error page, or JSON if the address ends in .json."""
        speech = speech_of(request)
        message = speech.text(key)
        if request is not None and api.owns(request.path):
            return download_response(api.problem(status, detail or Speech("en").text(key), instance=request.path))
        if request is not None and request.path.endswith(".json"):
            return Response.json({"ok": False, "status": status, "error": message, "detail": detail}, status=status)
        page = Page(
            template="error.html", title=message, values={"status": status, "message": message, "detail": detail}
        )
        return html_response(self.draw(page, speech, None, {}), speech, status=status)

    def explain(self, request: Request, exception: Exception) -> Response:
        """Return the error page for an exception caught by Datasette; internal errors are logged."""
        status = getattr(exception, "status", 500)
        if is_internal(exception):
            log.error("%s failed", request.path, exc_info=exception)
            return self.failure(request, 500, "error_failed")
        if isinstance(exception, DatasetteError):
            detail = Markup(exception.message).striptags() if exception.message_is_html else exception.message  # noqa: S704
            # Datasette's errors about a request default to status 500.
            return self.failure(request, status if status < 500 else 400, "error_bad", str(detail))
        return self.failure(request, status, "error_missing" if status == 404 else "error_bad")


def limit_time(db: Database) -> None:
    """Interrupt the queries of a page after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    db.conn.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)


def page_zone(page: Page, sites: Mapping[str, Any]) -> str:
    """Return the time zone of a page: that of its article's site, else that of most sites."""
    article = page.values.get("article") or {}
    if article.get("site") in sites:
        return str(sites[article["site"]]["timezone"])
    zones = Counter(str(site["timezone"]) for _, site in sorted(sites.items()))
    return zones.most_common(1)[0][0] if zones else "UTC"


def is_internal(exception: Exception) -> bool:
    """Return True if an exception caught by Datasette is an internal error, not an invalid request."""
    return getattr(exception, "status", 500) >= 500 and not isinstance(exception, DatasetteError)


def _explained(error: FilterError, request: Request) -> str:
    """Return what is wrong with a query or filter: a wrong day in the language of the page, all else in English."""
    if isinstance(error, DayError) and not api.owns(request.path):
        return speech_of(request).text("invalid_day", day=error.written)
    return str(error)
