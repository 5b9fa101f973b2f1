"""A search result to take away as one file: full texts with their query, date, versions and digest."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from newsarchive.browse.searching import read_filters
from newsarchive.browse.visits import MisunderstoodError, Stream, Visit
from newsarchive.database import read_archive
from newsarchive.export.packages import PACKAGED, Request, write_package
from newsarchive.search import select_articles

TYPES = {"wacz": "application/wacz"}
MOST_SAMPLED = 1_000_000


def take_result(visit: Visit) -> Stream:
    """Return the result of a search, or a random sample of it, as a file. Raises FilterError, MisunderstoodError."""
    form, query, filters = visit.named["form"], visit.get("q"), read_filters(visit)
    sample = visit.get("sample")
    if sample and not (sample.isascii() and sample.isdigit() and 0 < int(sample[:9]) <= MOST_SAMPLED):
        raise MisunderstoodError("bad_sample")
    select_articles(visit.db, query, **filters)  # reports a wrong query before anything is sent
    request = Request(
        format=form, query=query, filters=filters, sample=int(sample or 0), seed=visit.get("seed", "1")[:100]
    )
    return Stream(
        write=partial(_write, visit.folder, request),
        type=TYPES.get(form, "application/zip"),
        filename=_file_name(request),
    )


def _file_name(request: Request) -> str:
    words = "-".join(re.findall(r"[a-z0-9]+", request.query.lower()))[:40]
    name = "-".join(part for part in ("articles", words, f"sample-{request.sample}" * bool(request.sample)) if part)
    return f"{name}.wacz" if request.format == "wacz" else f"{name}-{request.format}.zip"


def _write(folder: Path, request: Request, file: IO[bytes]) -> None:
    db, now = read_archive(folder, any_thread=True), read_archive(folder, any_thread=True)
    try:
        withheld = partial(_withheld, now)
        if request.format != "wacz":
            write_package(db, file, request, withheld=withheld)
            return
        # Readers of WACZ want the sizes in front of the records, so that it is made on disk first.
        with tempfile.TemporaryFile() as whole:
            write_package(db, whole, request, withheld=withheld)
            whole.seek(0)
            shutil.copyfileobj(whole, file)
    finally:
        db.close()
        now.close()


def _withheld(now: Database, _part: int, articles: Sequence[int]) -> set[int]:
    return withheld_of(now, articles)


def withheld_of(now: Database, articles: Sequence[int]) -> set[int]:
    """Return the articles that are hidden or gone by now, though a file shows an earlier moment."""
    found = now.conn.execute(_WITHHELD, (json.dumps(list(articles)),))
    return {number for (number,) in found}


_WITHHELD = """
select value from json_each(?) where value in (select article from hidden) or value not in (select id from articles)
"""

__all__ = ["PACKAGED", "take_result"]
