"""The images kept in the archive's folder, served so that browsers run no scripts in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from newsarchive.browse.archives import Row, rows, visible
from newsarchive.browse.visits import Download, MissingError, Visit
from newsarchive.images.files import ENDINGS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
"""Restricts an SVG to its own content; scripts in it do not run."""


def kept_path(folder: Path, sha256: str | None, media_type: str | None) -> Path | None:
    """Return the path of a kept image; None if it is not kept or its type may not be shown."""
    if not sha256 or not re.fullmatch(r"[0-9a-f]{64}", sha256) or media_type not in ENDINGS:
        return None
    images = folder / "images"
    paths = [images / sha256, images / sha256[:2] / sha256, *images.glob(f"{sha256}.*"),
              *images.glob(f"{sha256[:2]}/{sha256}.*")]  # fmt: skip
    return next((path for path in paths if path.is_file()), None)


def image(visit: Visit) -> Download:
    """Return a kept image by its SHA-256. Raises MissingError."""
    sha256 = visit.named["sha256"]
    for row in rows(visit.db, _VISIBLE_TYPE, [sha256]):
        path = kept_path(visit.folder, sha256, row["type"])
        if path:
            return Download(body=path.read_bytes(), type=row["type"], policy=POLICY)
    raise MissingError(sha256)


_VISIBLE_TYPE = f"""
select f.type from (select id, sha256, type from images union select image, sha256, type from image_versions) f
join images i on i.id = f.id where f.sha256 = ? and (
    exists (select 1 from article_images l where l.image = i.id and {visible("l.article")})
    or not exists (select 1 from article_images where image = i.id) and not exists (
        select 1 from revisions where article in (select article from hidden) and instr(images, i.url)))
"""  # noqa: S608
"""An image that an article under an embargo shows or once showed is visible only if another article shows it now."""


@dataclass(kw_only=True, frozen=True)
class Version:
    """Another version of an image: its URL, where the reading room serves it, and when it was seen (UTC)."""

    url: str
    kept: str
    width: int
    height: int
    first_seen: str
    last_seen: str


def other_versions(visit: Visit, article: int) -> list[Version]:
    """Return the kept versions of an article's images other than the current ones, oldest first per image."""
    found = rows(
        visit.db,
        """select i.url, v.* from article_images l join images i on i.id = l.image
        join image_versions v on v.image = i.id and v.sha256 is not i.sha256
        where l.article = ? order by l.position, v.first_seen, v.id""",
        [article],
    )
    return [
        Version(
            url=row["url"],
            kept=f"/picture/{row['sha256']}",
            **{name: row[name] for name in ("width", "height", "first_seen", "last_seen")},
        )
        for row in found
        if kept_path(visit.folder, row["sha256"], row["type"])
    ]


def image_facts(visit: Visit, article: int) -> list[Row]:
    """Return details of an article's images: file, first capture, or why the image is not kept.

    The list is empty if none of the images was ever requested.
    """
    found = rows(
        visit.db,
        """select i.url, i.state, i.reason, i.sha256, i.type, i.bytes, i.width, i.height, v.first_seen, v.last_seen,
            c.warc, c.offset, c.length
        from article_images l join images i on i.id = l.image
        left join image_versions v on v.image = i.id and v.sha256 = i.sha256
        left join captures c on c.id = v.capture where l.article = ? order by l.lead desc, l.position""",
        [article],
    )
    return found if any(row["state"] for row in found) else []
