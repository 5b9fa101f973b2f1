"""Loads what a worker loads for the first short page it meets: the stop words of a hundred languages, .4 s.

The processes that tests fork workers from import this. What comes out of a page is the same.
"""

from __future__ import annotations

from newsarchive.items import Hints, Page
from newsarchive.sites import Site
from newsarchive.workers.extracting import extract_one

_URL = "http://localhost/2024/qysqa/"
_BODY = "<p>Қала тұрғындары таңертең терезеден көшеге қарады, су жолды басып қалды.</p>" * 3
_PAGE = (
    f"<html lang='kk'><head><title>Жаңбыр</title></head><body><article><h1>Жаңбыр</h1>{_BODY}</article></body></html>"
)

extract_one(
    (Page(url=_URL, body=_PAGE.encode()),),
    _URL,
    Site(name="warm", url="http://localhost/"),
    Hints(),
)
