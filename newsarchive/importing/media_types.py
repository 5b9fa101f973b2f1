"""What a recorded response is: a page, an image, or neither; by its headers and its bytes, as browsers decide it."""

from __future__ import annotations

import re
from collections.abc import Iterable

HTML = "text/html"
_HTML_TYPES = (HTML, "application/xhtml+xml")
_UNTOLD = ("", "*/*", "unknown/unknown", "application/unknown", "application/x-unknown", "none")
"""Types that say nothing: the bytes decide (WHATWG MIME Sniffing, section 5)."""
_VAGUE = ("text/plain", "application/octet-stream", "binary/octet-stream", "text/xml", "application/xml", "text/x-html")
"""Types of servers that do not know what they send: what begins as HTML without doubt is a page."""
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_LOOKS_HTML = re.compile(
    rb"(?:<!doctype html|<html|<head|<script|<iframe|<h1|<div|<font|<table|<a|<style|<title|<b|<body|<br|<p)[\s>]|<!--",
    re.I,
)
"""WHATWG MIME Sniffing, section 7.1, step 1."""
_BEGINS_HTML = re.compile(
    rb"(?>(?><\?xml[^>]{0,200}>|<!--.{0,2000}?-->)\s*){0,5}(?:<!doctype\s+html|<html|<head|<body)[\s>]", re.I | re.S
)
_IMAGES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
START = 4096
"""Bytes of a body that decide what it is."""


def media_type(stated: Iterable[str], identified: str, start: bytes) -> str:
    """Return `text/html` for a page, the type of an image, and empty for anything else.

    `stated` are the values of Content-Type, `identified` is what the recorder found by itself
    (WARC-Identified-Payload-Type), `start` the first bytes of the decoded body.

    >>> media_type(["text/html; charset=utf-8", "application/octet-stream"], "", b"")
    'text/html'
    >>> media_type(["text/plain"], "", b"<!DOCTYPE html><p>"), media_type(["text/plain"], "", b"A <p> is a paragraph.")
    ('text/html', '')
    >>> media_type([], "", b"\\n<p>Text"), media_type([], "", b"GIF89a"), media_type(["text/css"], "", b"<html>")
    ('text/html', 'image/gif', '')
    """
    types = [essence for value in stated if (essence := value.partition(";")[0].strip().lower())]
    if any(essence in _HTML_TYPES for essence in types):
        return HTML
    kind = next((essence for essence in reversed(types) if _TYPE.fullmatch(essence)), "")
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\t\n\x0c\r ")
    if kind in _UNTOLD:
        if _LOOKS_HTML.match(start) or _BEGINS_HTML.match(start):
            return HTML
        known = identified.partition(";")[0].strip().lower()
        kind = HTML if known in _HTML_TYPES else known
    if kind in _VAGUE or kind in _UNTOLD:
        if _BEGINS_HTML.match(start) or identified.partition(";")[0].strip().lower() in _HTML_TYPES:
            return HTML
        return _image(start)
    return kind if kind == HTML or kind.startswith("image/") else ""


def _image(start: bytes) -> str:
    if start[:4] == b"RIFF" and start[8:14] == b"WEBPVP":
        return "image/webp"
    return next((kind for magic, kind in _IMAGES if start.startswith(magic)), "")
