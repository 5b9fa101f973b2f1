"""Reference managers take an article from its page: by the rules of Zotero's translators, without a script of ours."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from datasette.app import Datasette  # type: ignore[import-untyped]
from lxml import html

from newsarchive.browse.app import make_datasette
from newsarchive.browse.bibliography import FORMATS
from newsarchive.database import open_archive
from newsarchive.database.embargoes import embargo_article
from tests.test_browse import folder, get, number_of, room, tree_of  # noqa: F401
from tests.test_withheld import NEXT_YEAR

# ruff: noqa: F811

HIGHWIRE = {"citation_title": "title", "citation_publication_date": "date", "citation_journal_title": "publicationTitle",
            "citation_language": "language", "citation_public_url": "url", "citation_abstract": "abstractNote"}  # fmt: skip
PREFIXES = {"dc": "http://purl.org/dc/elements/1.1/", "z": "http://www.zotero.org/namespaces/export#"}


def embedded(tree: html.HtmlElement) -> dict[str, Any]:
    """What Zotero's translator "Embedded Metadata" makes of a page, by its rules (getPrefixes, init, completeItem)."""
    prefixes = dict(PREFIXES)
    for link in tree.xpath("/html/head/link[starts-with(@rel, 'schema.')]"):
        prefixes[link.get("rel").removeprefix("schema.").lower()] = link.get("href")
    item: dict[str, Any] = {"creators": [], "tags": []}
    for meta in tree.xpath("/html/head/meta[@name and @content]"):
        name, content = meta.get("name"), meta.get("content").strip()
        prefix, _, rest = re.split(r"([.:_])", name, maxsplit=1) if re.search(r"[.:_]", name) else ("", "", "")
        if prefix.lower() in prefixes:
            item[prefixes[prefix.lower()] + rest[:1].lower() + rest[1:]] = content
        elif name in HIGHWIRE and content:
            item[HIGHWIRE[name]] = content
        elif name == "citation_author":
            last, _, first = content.partition(", ")
            item["creators"].append((last, first))
        elif name == "citation_keywords":
            item["tags"].append(content)
    item["itemType"] = item.get(PREFIXES["z"] + "itemType", "webpage")
    return item


def test_zotero_takes_the_article_from_its_tags(room: Datasette, folder: Path) -> None:
    item = embedded(tree_of(get(room, f"/article/{number_of(folder, 'flood')}")))
    assert item["itemType"] == "newspaperArticle"
    assert (item["title"], item["date"], item["publicationTitle"]) == ("Нұра өзені тасыды", "2025/02/19", "Таң")
    assert item["creators"] == [("Рахымқұлова", "Аида")]
    assert item["tags"] == ["Қоғам", "су тасқыны"]
    assert (item["language"], item["url"]) == ("kk", "https://tan.example/flood/")
    assert item["abstractNote"] == "Ауданда төтенше жағдай жарияланды."
    assert item[PREFIXES["dc"] + "title"] == "Нұра өзені тасыды"
    assert item[PREFIXES["dc"] + "date"] == "2025-02-19"


def test_zotero_takes_the_article_from_unapi(room: Datasette, folder: Path) -> None:
    number = number_of(folder, "flood")
    tree = tree_of(get(room, f"/article/{number}"))
    (server,) = tree.xpath("/html/head/link[@rel='unapi-server' and @type='application/xml']/@href")
    (identifier,) = tree.xpath("//abbr[contains(concat(' ', normalize-space(@class), ' '), ' unapi-id ')]/@title")
    formats = get(room, f"{server}?id={identifier}")
    assert formats.status_code == 300
    root = ElementTree.fromstring(formats.content)
    assert (root.tag, root.get("id")) == ("formats", str(number))
    assert {element.get("name"): element.get("type") for element in root} == FORMATS
    assert ElementTree.fromstring(get(room, server).content).get("id") is None
    ris = get(room, f"{server}?id={identifier}&format=ris")
    assert ris.text.startswith("TY  - NEWS")
    assert "TI  - Нұра өзені тасыды" in ris.text
    assert get(room, f"{server}?id={identifier}&format=mods").status_code == 406
    for unknown in ("999", "x", "²", "9" * 30, "%22%3E%3Cscript"):
        assert get(room, f"{server}?id={unknown}").status_code == 404


def test_json_ld_is_a_news_article_whatever_the_article_says(room: Datasette, folder: Path) -> None:
    for slug in ("flood", "attack", "school", "voda"):
        tree = tree_of(get(room, f"/article/{number_of(folder, slug)}"))
        (script,) = tree.xpath("/html/head/script[@type='application/ld+json']")
        data = json.loads(script.text)
        assert (data["@context"], data["@type"]) == ("https://schema.org", "NewsArticle")
        assert data["headline"] == tree.xpath("//h1")[0].text_content()
        assert data["archivedAt"].endswith(f"/article/{number_of(folder, slug)}")
        assert "" not in data.values()
    assert len(tree_of(get(room, f"/article/{number_of(folder, 'attack')}")).xpath("//script")) == 2


def test_the_copy_script_is_allowed_by_its_digest_and_nothing_else_is(room: Datasette, folder: Path) -> None:
    response = get(room, f"/article/{number_of(folder, 'flood')}")
    (script,) = tree_of(response).xpath("//script[not(@type)]")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in response.headers["content-security-policy"]
    assert "'self' 'sha" not in response.headers["content-security-policy"]
    buttons = tree_of(response).xpath("//button[@class='copy']")
    assert len(buttons) == 4
    for button in buttons:
        assert button.get("hidden") is not None, "without a script there is no button that does nothing"
        assert tree_of(response).xpath(f"//*[@id='{button.get('data-from')}']")


@pytest.mark.parametrize("address", ["/article/{}", "/unapi?id={}", "/unapi?id={}&format=ris"])
def test_what_is_withheld_is_not_to_be_had_at_once(folder: Path, tmp_path: Path, address: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    number = number_of(copy, "flood")
    room = make_datasette(copy)
    assert get(room, address.format(number)).status_code in (200, 300)
    db = open_archive(copy)
    embargo_article(db, number, until=NEXT_YEAR)
    db.close()
    response = get(room, address.format(number))
    assert response.status_code == 404
    assert "Нұра" not in response.text
    room.executor.shutdown()
