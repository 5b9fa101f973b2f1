"""Checks that the present extractor still reads the same text from the captures of each revision it made."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsarchive.captures.reading import CaptureError, read_capture
from newsarchive.database.outcomes import profile_digest
from newsarchive.database.revisions import read_hints, stored_content
from newsarchive.extraction.identity import EXTRACTOR
from newsarchive.fixity.report import Progress, Report
from newsarchive.fixity.state import State
from newsarchive.items import Extracted, Fetched, Page
from newsarchive.revisions.content import changed_fields, content_of
from newsarchive.sites import Site, host_site
from newsarchive.workers.extracting import ExtractionPool

FEW = 40
"""Up to this number, revisions are extracted in one process; more are worth starting another."""

_MADE_NOW = """
select r.id from revisions r where r.extractor = ? and r.options_digest = ?
    and exists (select 1 from revision_captures p where p.revision = r.id) order by r.id
"""


def check_origins(
    state: State, report: Report, *, sites: Mapping[str, Site], progress: Progress, sample: int | None = None
) -> None:
    """Extract revisions again from their captures, all or `sample` of them, and compare the results."""
    (total,) = state.db.conn.execute("select count(*) from revisions").fetchone()
    made = (f"{EXTRACTOR.name} {EXTRACTOR.version}", EXTRACTOR.options_digest)
    numbers = [number for (number,) in state.db.conn.execute(_MADE_NOW, made)]
    if sample is not None:
        numbers = sorted(random.sample(numbers, min(sample, len(numbers))))
        total = len(numbers)
    workers = min(2, os.cpu_count() or 1) if len(numbers) > FEW else 1 if numbers else 0
    checked = asyncio.run(_Check(state, report, sites, progress).run(numbers, workers))
    report.count("revisions extracted again", checked)
    if total > checked:
        report.notes.append(
            f"{total - checked} revisions cannot be extracted again: another version or profile made them"
        )


class _Check:
    def __init__(self, state: State, report: Report, sites: Mapping[str, Site], progress: Progress) -> None:
        self._state, self._report, self._sites, self._progress = state, report, sites, progress
        self._done = 0

    async def run(self, numbers: list[int], workers: int) -> int:
        """Extract and compare; return the number of revisions for which that was possible."""
        pool = ExtractionPool(workers)
        room = asyncio.Semaphore(4)
        checked = 0

        async def one(number: int) -> int:
            async with room:
                found = await self._check(number, pool)
                self._done += 1
                self._progress("texts and their captures", self._done, len(numbers))
                return int(found)

        try:
            for start in range(0, len(numbers), 200):
                checked += sum(await asyncio.gather(*map(one, numbers[start : start + 200])))
        finally:
            pool.close()
        return checked

    async def _check(self, number: int, pool: ExtractionPool) -> bool:
        sql = "select r.*, a.site from revisions r join articles a on a.id = r.article where r.id = ?"
        row = next(iter(self._state.db.query(sql, [number])))
        captures = list(
            self._state.db.query(
                "select c.* from revision_captures p join captures c on c.id = p.capture where p.revision = ?"
                " order by p.position",
                [number],
            )
        )
        if not captures:
            return False
        site = self._sites.get(row["site"]) or host_site(captures[0]["url"])
        if profile_digest(site) != row["profile_digest"]:
            return False
        try:
            pages = tuple(_page(self._state.folder, capture) for capture in captures)
            hints = read_hints(row["hints"])
        except (CaptureError, ValueError, KeyError, TypeError):
            return False  # broken captures and rows are reported by the checks of captures and rows
        item = Fetched(site=site.name, urls=(pages[0].url,), pages=pages, captures=(), hints=hints)
        self._compare(row, await pool.extract(item, site))
        return True

    def _compare(self, row: dict[str, Any], found: Extracted) -> None:
        name = f"revision {row['number']}"
        if found.article is None:
            what = f"{name} no longer follows from its capture, which gives no article: {found.reason}"
        else:
            fields = [*changed_fields(stored_content(row), content_of(found.article))]
            fields += ["markdown"] if found.article.markdown != row["markdown"] else []
            fields += ["evidence"] if found.article.evidence != json.loads(row["evidence"]) else []
            if not fields:
                return
            what = f"{name} no longer follows from its capture: {', '.join(fields)}"
        self._report.add("archive.db", what, articles=(row["article"],))


def _page(folder: Path, capture: dict[str, Any]) -> Page:
    return read_capture(folder / "warc", warc=capture["warc"], offset=capture["offset"])
