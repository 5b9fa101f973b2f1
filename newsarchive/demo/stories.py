"""The stories of the sample newspaper: text files with a TOML header, and their HTML."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "articles"
SIZES = ((300, 200), (1024, 683))


@dataclass(kw_only=True)
class Story:
    """One story, as in its file. `kind` is post, page or protected; times are aware."""

    id: int
    slug: str
    title: str
    account: str
    published: datetime
    modified: datetime
    body: str
    kind: str = "post"
    lead: str = ""
    image: str = ""
    caption: str = ""
    categories: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[str]:
        """The pages of the body, separated by `---page---`."""
        return [part.strip() for part in self.body.split("---page---")]

    @property
    def paragraphs(self) -> list[str]:
        """The text of the body: its paragraphs, list items and table rows, without images."""
        return [text for block in _blocks(self.body) for text in _texts(block)]


def read_stories(folder: Path = FOLDER) -> list[Story]:
    """Read all stories, oldest first."""
    stories = [read_story(path) for path in sorted(folder.glob("*.md"))]
    stories.sort(key=lambda story: (story.published, story.slug))
    for number, story in enumerate(stories, start=1):
        story.id = number * 3 + 10
    return stories


def read_story(path: Path) -> Story:
    """Read a story from a file of `+++`, TOML, `+++` and the body."""
    _, head, body = path.read_text(encoding="utf-8").split("+++", 2)
    values = tomllib.loads(head)
    values.setdefault("modified", values["published"])
    return Story(id=0, slug=path.stem, body=body.strip(), **values)


def render(text: str, image: Callable[[str, str], str]) -> str:
    """Render a page's body as HTML; `image(name, caption)` returns the HTML of an image."""
    return "\n".join(_render_block(block, image) for block in _blocks(text))


def _blocks(text: str) -> list[str]:
    return [block.strip() for block in re.split(r"\n\s*\n|---page---", text) if block.strip()]


def _texts(block: str) -> list[str]:
    if block.startswith("!["):
        return []
    lines = block.splitlines()
    if block.startswith("|"):
        return [" ".join(cell.strip() for cell in line.strip("|").split("|")) for line in lines if "---" not in line]
    if block.startswith(("- ", "~ ")):
        return [line[2:].strip() for line in lines]
    return [re.sub(r"^(?:## |> )", "", " ".join(lines))]


def _render_block(block: str, image: Callable[[str, str], str]) -> str:
    lines = [line.strip() for line in block.splitlines()]
    if found := re.fullmatch(r"!\[(.*)\]\((\S+)\)", block):
        return image(found.group(2), found.group(1))
    if block.startswith("## "):
        return f"<h2>{_inline(block[3:])}</h2>"
    if block.startswith("> "):
        return f"<blockquote><p>{_inline(' '.join(lines)[2:])}</p></blockquote>"
    if block.startswith("- "):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    if block.startswith("~ "):
        return "<p>" + "<br>\n".join(_inline(line[2:]) for line in lines) + "</p>"
    if block.startswith("|"):
        return _table(lines)
    return f"<p>{_inline(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]
    cells = ["".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in rows]
    return "<figure><table><tbody>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</tbody></table></figure>"


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
