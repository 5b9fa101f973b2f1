"""Adds to the text of a profile what a crawl learned; all else in it, comments too, stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tomlkit

from newsarchive.sites import Source

BOM = "\ufeff"


def add_to_profile(
    text: str,
    *,
    url: str = "",
    moved: dict[str, str] | None = None,
    usual: Sequence[Source] = (),
    sources: Sequence[Source] = (),
    idle: Sequence[str] = (),
) -> str:
    """Return a profile's text with a new home page, further sources and further idle parameters.

    `moved` gives the new URL of each source that moved along; `usual` are the sources that a profile without any has.
    """
    end = "\n" if (sources or idle) and not text.endswith("\n") else ""
    document = tomlkit.parse(text.removeprefix(BOM) + end)
    if url:
        document["url"] = url
    listed: Any = document.get("sources")
    for table in listed or ():
        if "url" in table and str(table["url"]) in (moved or {}):
            table["url"] = (moved or {})[str(table["url"])]
    if sources:
        if not listed:
            document.pop("sources", None)
            listed = document.setdefault("sources", tomlkit.aot())
        for source in [*([] if len(listed) else usual), *sources]:
            listed.append(_table(source, inline=not isinstance(listed, tomlkit.items.AoT)))
    if idle:
        document["idle_parameters"] = sorted({*document.get("idle_parameters", ()), *idle})
    return (BOM if text.startswith(BOM) else "") + tomlkit.dumps(document)


def _table(source: Source, *, inline: bool) -> Any:
    table: Any = tomlkit.inline_table() if inline else tomlkit.table()
    table.add("kind", source.kind)
    if source.url:
        table.add("url", source.url)
    return table
