"""The pictures the archive keeps, served from its own folder; in none of them a browser runs anything."""

from __future__ import annotations

import re
from pathlib import Path

from newsarchive.browse.archives import rows, visible
from newsarchive.browse.visits import Download, MissingError, Visit
from newsarchive.pictures import ENDINGS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
"""Lets an SVG draw with what it holds itself, and nothing else: it could not run even if it came here with a script."""


def kept_path(folder: Path, sha256: str | None, media_type: str | None) -> Path | None:
    """Where the archive keeps a picture; None where it keeps none, or none that may be shown."""
    if not sha256 or not re.fullmatch(r"[0-9a-f]{64}", sha256) or media_type not in ENDINGS:
        return None
    images = folder / "images"
    places = [images / sha256, images / sha256[:2] / sha256, *images.glob(f"{sha256}.*"),
              *images.glob(f"{sha256[:2]}/{sha256}.*")]  # fmt: skip
    return next((path for path in places if path.is_file()), None)


def picture(visit: Visit) -> Download:
    """One kept picture by its digest. Raises MissingError."""
    sha256 = visit.named["sha256"]
    files = "select id, sha256, type from images union select image, sha256, type from image_versions"
    sql = (
        f"select i.type from ({files}) i where sha256 = ?"  # noqa: S608
        " and (not exists (select 1 from article_images where image = i.id)"
        f" or exists (select 1 from article_images l where l.image = i.id and {visible('l.article')}))"
    )
    for row in rows(visit.db, sql, [sha256]):
        path = kept_path(visit.folder, sha256, row["type"])
        if path:
            return Download(body=path.read_bytes(), type=row["type"], policy=POLICY)
    raise MissingError(sha256)
