"""Write docs/tables.md from what the reading room says of each table, view and column."""

from __future__ import annotations

from pathlib import Path

from newsarchive.browse.metadata import DESCRIPTIONS

PAGE = Path(__file__).parent / "tables.md"
HEAD = """# The archive's tables

`archive.db` is plain SQLite. Start with the view `archive`, one row per article:

```console
$ sqlite3 data/archive.db "select title, authors, published from archive order by published desc limit 5"
```

Times are UTC (`2025-02-18T09:35:00Z`); `published` is a bare date where the page gives no time; `day` is the calendar
day in the site's own zone. `authors`, `categories`, `tags` and `images` in `archive` are JSON arrays:

```sql
select substr(day, 1, 7) as month, count(*) from archive group by month;
select value as author, count(*) from archive, json_each(authors) group by author order by 2 desc limit 20;
select url, title, gone, reason from deletions;
select url, "from", "to" from changes where field = 'title';
```

This page is made from the descriptions that the reading room shows beside each table (`python docs/make_tables.py`).
"""


def page() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for name, about in DESCRIPTIONS.items():
        rows = "".join(f"| `{column}` | {meaning} |\n" for column, meaning in about["columns"].items())
        parts.append(f"\n## {name}\n\n{about['description']}\n\n| column | holds |\n|---|---|\n{rows}")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
