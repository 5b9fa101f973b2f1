"""Reading the texts of a group from the archive, and comparing them sentence by sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from newsarchive.reprints.groups import Group
from newsarchive.reprints.sentences import Row, compare_sentences, sentences_of
from newsarchive.search.several import Reading, databases


def compare_group(reading: Reading, group: Group) -> list[Row]:
    """Return the sentences of a group's articles; the places in a row are those of `group.members`, from 0."""
    texts, dbs = [], databases(reading)
    for part, member in zip(group.parts or [0] * len(group.members), group.members, strict=True):
        sql = "select lead, body, language from articles where id = ?"
        lead, body, language = dbs[part].conn.execute(sql, (member.article,)).fetchone()
        texts.append(sentences_of(lead or "", body, language or ""))
    return compare_sentences(texts)


def group_as_data(article: int, group: Group | None, rows: list[Row]) -> dict[str, Any]:
    """Return a group with its sentences as plain data."""
    members = group.members if group else ()
    return {
        "article": article,
        "first": members[0].article if members else None,
        "order_known": group.is_order_known if group else None,
        "articles": [asdict(member) for member in members],
        "sentences": [
            {
                "sentence": row.first.text,
                "articles": [
                    {"article": m.article, "state": row.state(p), "text": row.text(p)} for p, m in enumerate(members)
                ],
            }
            for row in rows
        ],
    }
