"""Pictures in the reading room: served harmless, their earlier versions with dates, none of what is hidden."""

from __future__ import annotations

import asyncio
import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from PIL import Image as Drawing
from sqlite_utils import Database

from newsarchive.browse.app import make_datasette
from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.embargoes import embargo_article
from newsarchive.database.images import save_image
from newsarchive.database.revisions import Provenance
from newsarchive.images.files import keep_image_file
from newsarchive.images.reading import read_image_file
from newsarchive.items import Article, Image
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text

SITE = Site(name="a", url="https://a.kz/", title="Ауыл", language="kk", timezone="Asia/Almaty")
CHART = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><style>p{fill:red}</style><path d="M0 0h9"/></svg>'
)
NEXT_YEAR = datetime.date(datetime.datetime.now(datetime.UTC).year + 1, 1, 1)


def png(color: str) -> bytes:
    out = BytesIO()
    Drawing.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


def store(db: Database, time: str, *names: str) -> int:
    """The article as it showed these pictures at a time."""
    images = tuple(Image(url=f"https://a.kz/{name}") for name in names)
    body = "Ауылда жаңа үй салынды. " + " ".join(names)
    article = Article(url="https://a.kz/1/", site="a", title="Үй", body=body, language="kk", images=images)
    search_text = make_search_text(title="Үй", lead="", body=body, authors=[], language="kk")
    provenance = Provenance(time=time)
    return save_article(
        db, article, site=SITE, urls=[article.url], provenance=provenance, search_text=search_text
    ).article


def keep(db: Database, folder: Path, name: str, body: bytes, time: str) -> str:
    """Keep a picture as a crawl does; gives its path in the reading room."""
    picture = read_image_file(body)
    keep_image_file(folder / "images", picture, body)
    save_image(db, f"https://a.kz/{name}", picture, capture=None, time=time)
    db.conn.commit()
    return f"/picture/{picture.sha256}"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    archive = open_archive(tmp_path)
    save_site(archive, SITE)
    store(archive, "2025-03-01T00:00:00Z", "old.png", "chart.svg")
    store(archive, "2025-04-01T00:00:00Z", "new.png", "chart.svg")
    archive.conn.commit()
    return archive


@pytest.fixture
def room(db: Database, tmp_path: Path) -> Datasette:
    return make_datasette(tmp_path)


def get(room: Datasette, path: str) -> Any:
    async def ask() -> Any:
        return await room.client.get(path, headers={"accept-language": "en"})

    return asyncio.run(ask())


def test_an_svg_is_shown_as_a_picture_and_served_without_any_rights(
    room: Datasette, db: Database, tmp_path: Path
) -> None:
    path = keep(db, tmp_path, "chart.svg", CHART, "2025-03-01T00:00:00Z")
    assert f'<img src="{path}" alt="" width="40" height="30">' in get(room, "/article/1").text
    answer = get(room, path)
    assert (answer.content, answer.headers["content-type"]) == (CHART, "image/svg+xml")
    rights = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(rights)
    assert not any(right.startswith("script-src") for right in rights)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_earlier_versions_of_a_picture_are_shown_with_their_dates(
    room: Datasette, db: Database, tmp_path: Path
) -> None:
    first = keep(db, tmp_path, "new.png", png("navy"), "2025-04-02T00:00:00Z")
    assert "Earlier versions" not in get(room, "/article/1").text
    keep(db, tmp_path, "new.png", png("navy"), "2025-04-09T00:00:00Z")
    second = keep(db, tmp_path, "new.png", png("gold"), "2025-05-01T00:00:00Z")
    page = get(room, "/article/1").text
    before, title, after = page.partition("Earlier versions of images")
    assert title
    assert second in before
    assert first not in before
    assert first in after
    for time in ("2025-04-02T00:00:00Z", "2025-04-09T00:00:00Z"):
        assert f'<time datetime="{time}">' in after
    (tmp_path / "images" / f"{first.removeprefix('/picture/')}.png").unlink()
    assert "Earlier versions" not in get(room, "/article/1").text


def test_where_a_picture_comes_from_and_why_one_is_not_kept(room: Datasette, db: Database, tmp_path: Path) -> None:
    assert "Not kept" not in get(room, "/article/1").text  # nobody asked for pictures
    path = keep(db, tmp_path, "new.png", png("navy"), "2025-04-02T00:00:00Z")
    page = get(room, "/article/1").text
    assert f"<code>{path.removeprefix('/picture/')}</code>" in page
    assert "40 × 30" in page
    assert "2025-04-02T00:00:00Z" in page
    assert "not downloaded yet" in page
    db.conn.execute("update images set state = 'refused', reason = 'an SVG with script' where url like '%chart%'")
    db.conn.commit()
    assert "an SVG with script" in get(room, "/article/1").text


def test_an_embargo_hides_every_picture_that_the_article_ever_showed(
    room: Datasette, db: Database, tmp_path: Path
) -> None:
    paths = [
        keep(db, tmp_path, "old.png", png("red"), "2025-03-01T00:00:00Z"),
        keep(db, tmp_path, "new.png", png("navy"), "2025-04-02T00:00:00Z"),
        keep(db, tmp_path, "new.png", png("gold"), "2025-05-01T00:00:00Z"),
    ]
    assert [get(room, path).status_code for path in paths] == [200, 200, 200]
    embargo_article(db, 1, until=NEXT_YEAR)
    assert [get(room, path).status_code for path in paths] == [404, 404, 404]
    for table in ("images", "image_versions"):
        rows = get(room, f"/archive/{table}.json?_shape=array").json()
        assert not [row for row in rows if f"/picture/{row['sha256']}" in paths], table
