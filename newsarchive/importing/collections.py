"""Collections of saved pages that keep URL and time outside the pages: ArchiveBox, Zotero, news-please."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from newsarchive.captures.records import Damage
from newsarchive.importing.mirrors import is_beside
from newsarchive.importing.payloads import PAGE_STATUSES
from newsarchive.importing.recording_files import RecordingFile
from newsarchive.urls import url_key

_SNAPSHOT = "index.json"
_COPIES = {"singlefile": "singlefile.html", "dom": "output.html"}
"""Of the copies of a page that ArchiveBox makes those that are pages, by what made them, the best first."""


_EXTRACTS = ("readability", "mercury", "htmltotext")


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a collection says of a page; both may be empty."""

    url: str = ""
    time: str = ""


class Collection:
    """What the collections in a folder say of the pages there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._zotero = dict(_zotero_items(root / "zotero.sqlite"))

    def about(self, file: Path) -> Stated:
        """Return what a collection says of a page; nothing if the page is in none."""
        if file.parent.name in self._zotero and file.parent.parent.name == "storage":
            return self._zotero[file.parent.name]
        if (snapshot := self._snapshot_of(file)) is not None:
            return _of_snapshot(snapshot, file)
        for beside in (file.with_name(f"{file.name}.json"), file.with_suffix(".json")):
            if (about := _read_json(beside)) and isinstance(about.get("url"), str):
                return Stated(url=about["url"], time=str(about.get("date_download") or ""))
        return Stated()

    def knows(self, file: Path) -> bool:
        """Whether a file that is no page belongs to a collection, or to the files that browsers put beside a page."""
        if self.passes_over(file) or any(is_beside(folder) for folder in file.relative_to(self._root).parents):
            return True
        if file.suffix == ".json" and (file.with_suffix("").is_file() or file.with_suffix(".html").is_file()):
            return "url" in _read_json(file)
        return file.parent == self._root and file.name.startswith("zotero.sqlite")

    def passes_over(self, file: Path) -> bool:
        """Whether a file is a copy or an extract of a page that the collection has in a better form."""
        snapshot = self._snapshot_of(file)
        if snapshot is None:  # the front pages that ArchiveBox and HTTrack make themselves
            own = (file.parent / name for name in ("index.sqlite3", "hts-cache"))
            return file.name == "index.html" and any(path.exists() for path in own)
        if file.parent.name == "warc":
            return False
        if _is_recorded(snapshot):
            return True
        copies = [snapshot.parent / name for name in _COPIES.values()]
        best = next((copy for copy in copies if copy.is_file()), None)
        if best is not None:
            return file != best
        return file.parent == snapshot.parent or file.parent.name in _EXTRACTS

    def _snapshot_of(self, file: Path) -> Path | None:
        """Return the index of the ArchiveBox snapshot that a file belongs to; None if to none."""
        folder = file.parent
        while folder not in (self._root.parent, folder.parent):
            if folder.parent.name == "archive" and "timestamp" in _read_json(folder / _SNAPSHOT):
                return folder / _SNAPSHOT
            folder = folder.parent
        return None


@lru_cache(maxsize=64)
def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


@lru_cache(maxsize=64)
def _is_recorded(snapshot: Path) -> bool:
    """Whether a snapshot has a recording of its page."""
    url = url_key(str(_read_json(snapshot).get("url", "")))
    for path in sorted((snapshot.parent / "warc").glob("*.warc*")):
        for _, record in RecordingFile(path, str(path)).records():
            if isinstance(record, Damage) or record.kind != "response" or url_key(record.url) != url:
                continue
            if record.message.status in PAGE_STATUSES:
                return True
    return False


def _of_snapshot(index: Path, file: Path) -> Stated:
    about = _read_json(index)
    maker = next((maker for maker, name in _COPIES.items() if name == file.name), "wget")
    history = about.get("history")
    runs = history.get(maker) if isinstance(history, dict) else None
    started = [run["start_ts"] for run in runs or () if isinstance(run, dict) and run.get("start_ts")]
    time = started[-1] if started else about.get("timestamp", "")
    return Stated(url=str(about.get("url", "")), time=str(time))


_ZOTERO = """
select i.key,
    coalesce(max(case when f.fieldName = 'url' and d.itemID = a.itemID then v.value end),
        max(case when f.fieldName = 'url' then v.value end), ''),
    coalesce(max(case when f.fieldName = 'accessDate' and d.itemID = a.itemID then v.value end),
        max(case when f.fieldName = 'accessDate' then v.value end), i.dateAdded, '')
from itemAttachments a
join items i on i.itemID = a.itemID
left join itemData d on d.itemID in (a.itemID, a.parentItemID)
left join fields f on f.fieldID = d.fieldID and f.fieldName in ('url', 'accessDate')
left join itemDataValues v on v.valueID = d.valueID
where a.contentType in ('text/html', 'application/xhtml+xml')
group by i.itemID
"""


def _zotero_items(database: Path) -> Iterator[tuple[str, Stated]]:
    """Yield the folder in `storage/`, the URL and the time of each snapshot in a Zotero database."""
    if not database.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            for key, url, time in db.execute(_ZOTERO).fetchall():
                yield str(key), Stated(url=str(url), time=str(time))
    except sqlite3.Error:
        return
