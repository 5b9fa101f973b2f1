"""Responses of the reading room: their headers, and the language that a request asks for."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from datasette.utils.asgi import Request, Response  # type: ignore[import-untyped]

from newsarchive.browse.languages import LANGUAGES, Speech, choose_language
from newsarchive.browse.visits import Download, Stream

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def speech_of(request: Request | None) -> Speech:
    """Return the interface language for a request."""
    if request is None:
        return Speech(choose_language(None, None, ""))
    asked = next(iter(parse_qs(request.query_string).get("lang", [])), None)
    cookies: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
    remembered = cookies["lang"].value if "lang" in cookies else None
    return Speech(choose_language(asked, remembered, request.headers.get("accept-language", "")))


def html_response(html: str, speech: Speech, *, status: int = 200, policy: str = POLICY) -> Response:
    """Return a page, in the language of its reader."""
    headers = {
        "content-security-policy": policy,
        "content-language": speech.language,
        "vary": "Accept-Language",
        "cache-control": "no-cache",  # a crawl may be writing
    }
    return Response.html(html, status=status, headers=headers)


def download_response(answer: Download) -> Response:
    """Return a file."""
    headers = {"content-security-policy": answer.policy or POLICY, **answer.headers}
    if answer.filename:
        headers["content-disposition"] = f'attachment; filename="{answer.filename}"'
    return Response(answer.body, status=answer.status, content_type=answer.type, headers=headers)


def remember_language(request: Request, response: Response) -> Response:
    """Return a response with a cookie for the language that was asked for, if one was."""
    asked = next(iter(parse_qs(request.query_string).get("lang", [])), None)
    if asked in LANGUAGES:
        response.set_cookie("lang", asked, max_age=365 * 86400, httponly=True, samesite="lax")
    return response


def stream_headers(stream: Stream) -> dict[str, str]:
    """Return the headers of a file that is made while it is sent."""
    return {
        "content-security-policy": POLICY,
        "content-disposition": f'attachment; filename="{stream.filename}"',
        "cache-control": "no-store",  # an embargo holds for copies too
    }
