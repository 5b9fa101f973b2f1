"""The rows linked to an article: its authors, images, categories and tags."""

from __future__ import annotations

from sqlite_utils import Database

from newsarchive.items import Article


def replace_links(db: Database, article_id: int, article: Article) -> None:
    """Replace the authors, images, categories and tags of an article."""
    for table in ("article_authors", "article_images", "article_categories", "article_tags"):
        db.conn.execute(f"delete from {table} where article = ?", (article_id,))  # noqa: S608
    save_links(db, article_id, article)


def save_links(db: Database, article_id: int, article: Article) -> None:
    """Write the authors, images, categories and tags of a new article."""
    db.conn.executemany(
        "insert into article_authors (article, author, position, role, as_written) values (?, ?, ?, ?, ?)",
        [
            (article_id, _id_of(db, "authors", "name", author.name), position, author.role, author.as_written)
            for position, author in enumerate(article.authors)
        ],
    )
    db.conn.executemany(
        "insert into article_images (article, image, position, lead, shown, alt, caption, credit)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                article_id,
                _id_of(db, "images", "url", image.url),
                position,
                image.lead,
                image.shown or image.url,
                image.alt,
                image.caption,
                image.credit,
            )
            for position, image in enumerate(article.images)
        ],
    )
    for table, column, names in (("categories", "category", article.categories), ("tags", "tag", article.tags)):
        db.conn.executemany(
            f"insert into article_{table} (article, {column}, position) values (?, ?, ?)",  # noqa: S608
            [(article_id, _id_of(db, table, "name", name), position) for position, name in enumerate(names)],
        )


def _id_of(db: Database, table: str, column: str, value: str) -> int:
    row = db.conn.execute(f"select id from {table} where {column} = ?", (value,)).fetchone()  # noqa: S608
    if row is None:
        row = (db.conn.execute(f"insert into {table} ({column}) values (?)", (value,)).lastrowid,)  # noqa: S608
    return int(row[0])
