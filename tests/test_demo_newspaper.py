"""The sample newspaper: its stories, and what its server answers to crawlers and readers."""

from __future__ import annotations

import gzip
import http.client
import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest

from newsarchive.demo import Newspaper, Story, read_stories
from newsarchive.demo.server import IMAGES
from newsarchive.demo.stories import SIZES, read_story, render

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@dataclass
class Reply:
    """What came back, decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def get(paper: Newspaper, target: str, **headers: str) -> Reply:
    """One GET without following redirects; `target` may be a whole URL."""
    parts = urlsplit(paper.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    try:
        path = "/" + target.removeprefix(paper.url).lstrip("/")
        connection.request(
            "GET", quote(path, safe="/?=&,:+%"), headers={k.replace("_", "-"): headers[k] for k in headers}
        )
        answer = connection.getresponse()
        body, found = answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        packed = found.get("content-encoding") == "gzip"
        return Reply(answer.status, found, gzip.decompress(body) if packed else body)
    finally:
        connection.close()


def pictures(story: Story) -> set[str]:
    """The pictures that a story names."""
    found = {story.image} - {""}

    def note(name: str, caption: str) -> str:
        found.add(name)
        return caption

    render(story.body, note)
    return found


def test_newspaper_has_posts_pages_and_one_protected_story() -> None:
    kinds = Counter(story.kind for story in read_stories())
    assert kinds["post"] >= 42
    assert kinds["page"] == 3
    assert kinds["protected"] == 1


def test_stories_are_numbered_from_the_oldest() -> None:
    stories = read_stories()
    assert [s.published for s in stories] == sorted(s.published for s in stories)
    assert len({s.id for s in stories}) == len({s.slug for s in stories}) == len(stories)


@pytest.mark.parametrize("story", read_stories(), ids=lambda story: story.slug)
def test_story_keeps_the_clock_of_its_day_and_has_its_pictures(story: Story) -> None:
    late = story.published.isoformat() >= "2024-03-01"
    assert story.published.utcoffset() == timedelta(hours=5 if late else 6)
    assert story.modified >= story.published
    assert story.paragraphs
    for name in pictures(story):
        sizes = [f"-{width}x{height}" for width, height in SIZES]
        assert all((IMAGES / name.replace(".jpg", f"{size}.jpg")).is_file() for size in ("", *sizes)), name


def test_stories_vary_as_a_newspaper_does() -> None:
    stories = read_stories()
    titles = Counter(story.title for story in stories)
    assert sum(count == 2 for count in titles.values()) == 1
    assert sum(bool(story.lead) for story in stories) >= 6
    assert sum(not pictures(story) for story in stories if story.kind == "post") >= 5
    assert sum("\n| " in story.body for story in stories) >= 3
    assert sum("\n- " in story.body for story in stories) >= 3
    assert [len(story.pages) for story in stories if len(story.pages) > 1] == [3]
    assert any(not story.slug.isascii() for story in stories)


def test_blocks_of_a_story_become_html(tmp_path: Path) -> None:
    path = tmp_path / "ulgi.md"
    body = "## Тақырыпша\n\n> Дәйексөз\n\n- бір\n- екі\n\n~ жол\n~ тағы\n\n| а | ә |\n|---|---|\n| 1 | 2 |\n\n![сурет](a.jpg)\n\n**қою** & <b>"
    path.write_text(
        f'+++\ntitle = "Үлгі"\naccount = "Газет"\npublished = 2024-05-01T08:00:00+05:00\n+++\n\n{body}', "utf-8"
    )
    story = read_story(path)
    assert story.paragraphs == ["Тақырыпша", "Дәйексөз", "бір", "екі", "жол", "тағы", "а ә", "1 2", "**қою** & <b>"]
    assert render(story.body, lambda name, caption: f"[{name}: {caption}]").splitlines() == [
        "<h2>Тақырыпша</h2>",
        "<blockquote><p>Дәйексөз</p></blockquote>",
        "<ul><li>бір</li><li>екі</li></ul>",
        "<p>жол<br>",
        "тағы</p>",
        "<figure><table><tbody><tr><td>а</td><td>ә</td></tr><tr><td>1</td><td>2</td></tr></tbody></table></figure>",
        "[a.jpg: сурет]",
        "<p><strong>қою</strong> &amp; &lt;b&gt;</p>",
    ]


def test_rest_lists_every_post_once_over_its_pages(paper: Newspaper) -> None:
    first = get(paper, "wp-json/wp/v2/posts?per_page=20&orderby=id&order=asc&_fields=id,link")
    pages = int(first.headers["x-wp-totalpages"])
    found = first.json()
    for number in range(2, pages + 1):
        found += get(
            paper, f"wp-json/wp/v2/posts?per_page=20&orderby=id&order=asc&_fields=id,link&page={number}"
        ).json()
    assert [set(post) for post in found] == [{"id", "link"}] * len(found)
    assert [post["id"] for post in found] == sorted(story.id for story in paper.posts())
    assert len(found) == int(first.headers["x-wp-total"])
    assert get(paper, f"wp-json/wp/v2/posts?per_page=20&page={pages + 1}").status == 400


def test_rest_gives_local_and_universal_time_and_hides_protected_text(paper: Newspaper) -> None:
    story = paper.story("temirzhol-beketi-zhonmen")
    post = get(paper, f"wp-json/wp/v2/posts/{story.id}").json()
    assert post["date_gmt"] == "2024-02-10T03:30:00"
    assert post["date"] == "2024-02-10T09:30:00"
    hidden = get(paper, f"wp-json/wp/v2/posts/{paper.story('jabyq-esep').id}").json()
    assert hidden["content"] == {"rendered": "", "protected": True}


def test_rest_lists_what_changed_since(paper: Newspaper) -> None:
    newest = max(story.modified for story in paper.posts()).strftime("%Y-%m-%dT%H:%M:%S")
    target = f"wp-json/wp/v2/posts?modified_after={newest}&_fields=slug"
    assert get(paper, target).json() == []
    paper.edit("kerme-tau-zholy", append="Жол бойына белгілер қойылды.")
    assert get(paper, target).json() == [{"slug": "kerme-tau-zholy"}]


@pytest.mark.parametrize(("switch", "status"), [("404", 404), ("401", 401), ("garbage", 200)])
def test_rest_can_be_out_of_order(paper: Newspaper, switch: str, status: int) -> None:
    paper.rest = switch
    reply = get(paper, "wp-json/wp/v2/posts")
    assert reply.status == status
    assert reply.headers["content-type"].startswith("text/html" if switch == "garbage" else "application/json")


def test_sitemaps_name_every_post_and_page(paper: Newspaper) -> None:
    index = ElementTree.fromstring(get(paper, "sitemap_index.xml").body)
    locations = [loc.text or "" for loc in index.iter(f"{SITEMAP}loc")]
    assert len(locations) == 3
    found = set()
    for location in locations:
        body = get(paper, location).body
        text = gzip.decompress(body) if location.endswith(".gz") else body
        found |= {loc.text for loc in ElementTree.fromstring(text).iter(f"{SITEMAP}loc")}
    assert found == {paper.address(story) for story in paper.stories}


@pytest.mark.parametrize(("target", "entry"), [("feed/", "item"), ("feed/atom/", "{http://www.w3.org/2005/Atom}entry")])
def test_feeds_hold_the_newest_posts_and_have_validators(paper: Newspaper, target: str, entry: str) -> None:
    reply = get(paper, target)
    titles = [found[0].text for found in ElementTree.fromstring(reply.body).iter(entry)]
    assert titles == [story.title for story in paper.posts()[: paper.per_page]]
    assert get(paper, target, If_None_Match=reply.headers["etag"]).status == 304
    paper.add("zhana-habar", "Жаңа хабар", "Бүгін қалада жаңа саябақ ашылды.")
    assert get(paper, target, If_None_Match=reply.headers["etag"]).status == 200


def test_feed_goes_back_page_by_page_and_ends(paper: Newspaper) -> None:
    last = -(-len(paper.posts()) // paper.per_page)
    assert get(paper, f"feed/?paged={last}").status == 200
    assert get(paper, f"feed/?paged={last + 1}").status == 404


@pytest.mark.parametrize("theme", ["classic", "block"])
def test_both_themes_show_every_public_story(paper: Newspaper, theme: str) -> None:
    paper.theme = theme
    for story in paper.stories:
        reply = get(paper, paper.address(story))
        assert reply.status == 200, story.slug
        shown = story.pages[0].split("\n")[0].strip("-–>#* ")[:30].split("*")[0]
        assert (shown in reply.body.decode()) is (story.kind != "protected"), story.slug


def test_short_addresses_and_moved_stories_redirect(paper: Newspaper) -> None:
    story = paper.story("nauryz-alanda")
    for target in (f"?p={story.id}", "nauryz-alanda"):
        reply = get(paper, target)
        assert (reply.status, reply.headers["location"]) == (301, paper.address(story))
    paper.move("nauryz-alanda", "nauryz-toiy")
    reply = get(paper, "nauryz-alanda/")
    assert (reply.status, reply.headers["location"]) == (301, f"{paper.url}nauryz-toiy/")
    assert get(paper, "nauryz-toiy/").status == 200


@pytest.mark.parametrize(("how", "status"), [("404", 404), ("410", 410), ("home", 301), ("soft", 200)])
def test_deleted_story_goes_as_told_and_can_come_back(paper: Newspaper, how: str, status: int) -> None:
    paper.delete("muzey-500-zhadiger", how=how)
    assert get(paper, "muzey-500-zhadiger/").status == status
    assert all(story.slug != "muzey-500-zhadiger" for story in paper.posts())
    paper.restore("muzey-500-zhadiger")
    assert "Музейге бес жүз жәдігер тапсырылды" in get(paper, "muzey-500-zhadiger/").body.decode()


def test_pages_of_a_long_story_end(paper: Newspaper) -> None:
    texts = [get(paper, f"aqsudyn-uch-kuni-1/{number}/").body.decode() for number in (1, 2, 3)]
    assert [day in text for day, text in zip(("Бірінші күн", "Екінші күн", "Үшінші күн"), texts, strict=True)] == [
        True
    ] * 3
    assert get(paper, "aqsudyn-uch-kuni-1/4/").status == 404


def test_too_many_requests_are_told_to_wait(paper: Newspaper) -> None:
    paper.limit, paper.retry_after = 0.01, "7"
    assert [get(paper, "feed/").status for _ in range(2)] == [200, 429]
    assert get(paper, "feed/").headers["retry-after"] == "7"
    assert get(paper, "robots.txt").status == 200


def test_captcha_stands_before_everything_but_robots(paper: Newspaper) -> None:
    paper.captcha = True
    assert get(paper, "").status == get(paper, "feed/").status == 403
    assert b"Sitemap: " in get(paper, "robots.txt").body


def test_requests_are_logged(paper: Newspaper) -> None:
    get(paper, "feed/")
    get(paper, "zhoq/")
    assert paper.requests == [("GET", "/feed/", 200), ("GET", "/zhoq/", 404)]
