"""Parquet files by site and year, `site=NAME/year=2025/STATE.parquet`; only archives that changed are written again.

`.newsarchive/` in the folder says which files hold the state of which archive. A file that no state names is what a
killed export left, or what an embargo or a takedown has put out of date: the next export deletes it first.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlite_utils import Database

from newsarchive.database.disk import write_whole
from newsarchive.export.captures import refuse_own_path
from newsarchive.export.files import ExportError, writing
from newsarchive.export.parquet import ROWS, ParquetTable, parquet_file, require_parquet
from newsarchive.export.records import FIELDS, Job, Progress, Record, snapshot
from newsarchive.search import Filters, Reading
from newsarchive.search.several import Archives, Part

OWN = ".newsarchive"
COLUMNS = tuple(field for field in FIELDS if field.name != "site")
"""The site is in the name of the folder, as readers of such data sets expect."""


class Partitions(NamedTuple):
    """What an export wrote: all its files, the articles in them, and the archives that were written again."""

    files: list[Path]
    articles: int
    written: list[str]


@dataclass(frozen=True)
class _Source:
    """One archive to export: its name, its database, and a text that changes with what is exported of it."""

    name: str
    db: Database
    state: str
    generation: str


@dataclass(frozen=True)
class _State:
    """What the folder holds of one archive: its state when it was written, its articles, the files and their sizes."""

    name: str
    state: str
    generation: str
    """The `Part.state` of the archive."""
    articles: int
    files: dict[str, int]

    def path(self, folder: Path) -> Path:
        """Return where it is kept."""
        return folder / OWN / f"{quote(self.name, safe='')}.json"

    def holds(self, source: _Source, folder: Path) -> bool:
        """Return True if the archive has not changed, and all its files are there."""
        return self.state == source.state and all(
            (folder / name).is_file() and (folder / name).stat().st_size == size for name, size in self.files.items()
        )


def export_partitioned(
    reading: Reading,
    folder: Path,
    *,
    query: str = "",
    filters: Filters | None = None,
    progress: Progress | None = None,
) -> Partitions:
    """Write the articles that a search finds as Parquet files by site and year, and delete what is out of date.

    Raises ExportError if the folder has other files or cannot be written, or pyarrow is missing; FilterError.
    """
    require_parquet()
    refuse_own_path(folder, reading)
    chosen = filters or Filters()
    with writing(folder), _locked(folder):
        sources = list(_sources(reading, json.dumps([query, sorted(chosen.items())])))
        known = _read_states(folder)
        current = {s.name: known[s.name] for s in sources if s.name in known and known[s.name].holds(s, folder)}
        _delete_others(folder, [*current.values()])
        stale = [source for source in sources if source.name not in current]
        for done, source in enumerate(stale, 1):
            current[source.name] = _write(source, folder, query, chosen)
            if progress:
                progress(done, len(stale))
        files = sorted(folder / name for state in current.values() for name in state.files)
        return Partitions(files, sum(s.articles for s in current.values()), [source.name for source in stale])


def delete_outdated(folder: Path, generations: Mapping[str, str]) -> None:
    """Delete the files of archives that have another generation by now, and what killed exports left.

    `generations` has the `Part.state` of each archive that was looked at.
    """
    if not (folder / OWN).is_dir():
        return
    with writing(folder), _locked(folder):
        states = _read_states(folder).values()
        _delete_others(folder, [s for s in states if generations.get(s.name, s.generation) == s.generation])


def _sources(reading: Reading, asked: str) -> Iterator[_Source]:
    parts = reading.parts if isinstance(reading, Archives) else [Part("archive", Path(), reading)]
    for part in parts:
        hidden = sorted(part.db.conn.execute("select article from hidden").fetchall())
        # An archive that may change at any time has no state of its own: it is always written.
        text = json.dumps([part.state or secrets.token_hex(8), hidden, asked])
        yield _Source(part.name, part.db, hashlib.sha256(text.encode()).hexdigest()[:16], part.state)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; create it if there is none. Raises ExportError if it has other files."""
    if folder.is_dir() and not (folder / OWN).is_dir() and any(folder.iterdir()):
        raise ExportError(f"{folder} has other files; choose a new folder, or one that such an export made.")
    (folder / OWN).mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / OWN, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read_states(folder: Path) -> dict[str, _State]:
    states = {}
    for path in (folder / OWN).glob("*.json"):
        try:
            state = _State(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):  # damaged: its archive is written again
            continue
        states[state.name] = state
    return states


def _delete_others(folder: Path, states: Sequence[_State]) -> None:
    """Delete all files that no state names, and the states of archives that are out of date."""
    kept = {folder / name for state in states for name in state.files} | {state.path(folder) for state in states}
    found = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    for path in sorted(set(found) - kept, key=lambda path: path.parent == folder / OWN):  # the text first
        path.unlink()
    for place, _, _ in os.walk(folder, topdown=False):
        if Path(place) not in (folder, folder / OWN) and not os.listdir(place):
            os.rmdir(place)


def _write(source: _Source, folder: Path, query: str, filters: Filters) -> _State:
    """Write the files of one archive, then its state."""
    with snapshot(source.db), ExitStack() as stack:
        job = Job.of(source.db, query, filters)
        tables: dict[str, ParquetTable] = {}
        for name, rows in _grouped(job, source.state):
            if name not in tables:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                tables[name] = stack.enter_context(parquet_file(folder / name, COLUMNS))
            tables[name].write(rows)
    sizes = {name: (folder / name).stat().st_size for name in tables}
    state = _State(source.name, source.state, source.generation, len(job.articles), sizes)
    write_whole(state.path(folder), json.dumps(asdict(state), ensure_ascii=False).encode())
    return state


def _grouped(job: Job, state: str) -> Iterator[tuple[str, list[Record]]]:
    """Yield articles in row groups, each with the name of its file."""

    def name(record: Record) -> str:
        year = (record["day"] or "0000")[:4]
        return f"site={quote(record['site'], safe='')}/year={year}/{state}.parquet"

    for number, records in groupby(job.records(), key=name):
        while rows := list(islice(records, ROWS)):
            yield number, rows
