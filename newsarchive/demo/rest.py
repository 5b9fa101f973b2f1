"""The sample newspaper's REST API, like that of WordPress."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from newsarchive.demo.answers import Answer
from newsarchive.demo.pages import rendered
from newsarchive.demo.site import SampleSite
from newsarchive.demo.stories import Story

ALMATY = ZoneInfo("Asia/Almaty")
JSON = "application/json; charset=UTF-8"


def answer(paper: SampleSite, path: str, query: dict[str, str]) -> Answer:
    """Return the response for a path below /wp-json."""
    if paper.rest == "garbage":
        return _answer(b"<html><body>Error establishing a database connection</body></html>", kind="text/html")
    if paper.rest != "on":
        return _answer({"code": "rest_disabled"}, status=int(paper.rest))
    if path.strip("/") == "wp-json":
        return _answer({"name": "Сарыарқа таңы", "timezone_string": "Asia/Almaty", "gmt_offset": 5, "routes": {}})
    if path.rstrip("/") == "/wp-json/wp/v2/posts":
        return _posts(paper, query)
    number = path.rstrip("/").rsplit("/", 1)[-1]
    if any(str(story.id) == number for _, story in paper.gone.values()):
        return _answer({"code": "rest_forbidden"}, status=401)
    found = next((s for s in paper.posts() if str(s.id) == number), None)
    return _answer({"code": "rest_post_invalid_id"}, status=404) if found is None else _answer(_post(paper, found))


def _answer(value: Any, *, status: int = 200, kind: str = JSON, headers: dict[str, str] | None = None) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return Answer(body, kind, status, headers or {})


def _posts(paper: SampleSite, query: dict[str, str]) -> Answer:
    per_page, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
    if not 1 <= per_page <= 100:
        return _answer({"code": "rest_invalid_param"}, status=400)
    posts = _ordered(paper.posts(), query)
    if "modified_after" in query:
        posts = [s for s in posts if s.modified > _moment(query["modified_after"])]
    last = max(1, -(-len(posts) // per_page))
    if page > last:
        return _answer({"code": "rest_post_invalid_page_number"}, status=400)
    shown = [_post(paper, s, embed="_embed" in query) for s in posts[(page - 1) * per_page : page * per_page]]
    if fields := query.get("_fields"):
        shown = [{name: post[name] for name in fields.split(",") if name in post} for post in shown]
    return _answer(shown, headers={"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(last)})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ALMATY)


def _ordered(posts: list[Story], query: dict[str, str]) -> list[Story]:
    keys = {"id": lambda s: s.id, "modified": lambda s: (s.modified, s.id), "date": lambda s: (s.published, s.id)}
    return sorted(posts, key=keys[query.get("orderby", "date")], reverse=query.get("order", "desc") == "desc")


def _post(paper: SampleSite, story: Story, *, embed: bool = False) -> dict[str, Any]:
    protected = story.kind == "protected"
    post: dict[str, Any] = {
        "id": story.id,
        "date": _text(story.published, ALMATY),
        "date_gmt": _text(story.published, UTC),
        "modified": _text(story.modified, ALMATY),
        "modified_gmt": _text(story.modified, UTC),
        "slug": story.slug,
        "status": "publish",
        "type": "post",
        "link": paper.address(story),
        "title": {"rendered": html.escape(f"Қорғалған: {story.title}" if protected else story.title)},
        "content": {"rendered": "" if protected else rendered(paper, story), "protected": protected},
    }
    if embed:
        terms = [[{"name": n, "taxonomy": "category"} for n in story.categories]]
        terms.append([{"name": n, "taxonomy": "post_tag"} for n in story.tags])
        post["_embedded"] = {"author": [{"name": story.account}], "wp:term": terms}
        if story.image:
            url = f"{paper.url}images/{story.image}"
            media = {"source_url": url, "alt_text": "", "caption": {"rendered": story.caption}}
            post["_embedded"]["wp:featuredmedia"] = [media]
    return post


def _text(moment: datetime, zone: Any) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
