"""Writes a profile as TOML."""

from __future__ import annotations

import json

from newsarchive.sites import Site


def profile_toml(site: Site) -> str:
    """Write a profile as TOML, with comments for the person who will edit it."""
    lines = [f"title = {_quoted(site.title)}", f"url = {_quoted(site.url)}", f"language = {_quoted(site.language)}"]
    lines += [
        f"timezone = {_quoted(site.timezone)}",
        '# contact = ""  # a mail address or a web page, sent to the site',
        "",
    ]
    lines += [
        "# Changes are found through the first source that works; what only the others list is found by comparing them."
    ]
    for source in site.sources:
        lines += ["[[sources]]", f"kind = {_quoted(source.kind)}"]
        lines += [f"url = {_quoted(source.url)}"] if source.url else []
        lines += [f"pages = {source.pages}"] if source.pages else []
        lines += [""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
