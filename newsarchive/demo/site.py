"""The sample newspaper's state: its stories, its switches and the actions of an editor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from newsarchive.demo.answers import Answer
from newsarchive.demo.stories import Story, read_stories

NAME = "Сарыарқа таңы"


@dataclass
class SampleSite:
    """The site's state. Switches are plain attributes; `requests` records method, path and status of every request."""

    url: str = ""
    stories: list[Story] = field(default_factory=read_stories)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    theme: str = "classic"
    rest: str = "on"  # on, 404, 401, garbage
    sitemap: bool = True
    feed: bool = True
    lastmod: str = "true"  # true, today, none
    counter: bool = True
    notice: str = ""  # a line shown in every story, in a separate block
    page_links: bool = True  # link to the further pages of a story
    gzip: bool = True
    captcha: bool = False
    robots: str = ""
    robots_gzip: bool = False
    limit: float = 0  # requests per second; more get 429
    retry_after: str = ""
    per_page: int = 10
    images: dict[str, Answer] = field(default_factory=dict)  # replaces the images with these names
    moved: dict[str, str] = field(default_factory=dict)
    gone: dict[str, tuple[str, Story]] = field(default_factory=dict)
    _views: int = 0
    _last: float = 0.0

    # Actions of an editor

    def story(self, slug: str) -> Story:
        """Return a story by its slug. Raises KeyError if there is none."""
        for story in self.stories:
            if story.slug == slug:
                return story
        raise KeyError(slug)

    def edit(self, slug: str, *, days: int = 1, append: str = "", **values: Any) -> None:
        """Change fields of a story or `append` a paragraph; it is modified `days` after the newest modification."""
        story = self.story(slug)
        body = f"{story.body}\n\n{append}" if append else story.body
        newest = max(s.modified for s in self.stories)
        changed = replace(story, **{"body": body, "modified": newest + timedelta(days=days), **values})
        self.stories[self.stories.index(story)] = changed

    def add(self, slug: str, title: str, body: str, **values: Any) -> Story:
        """Publish a new story, by default an hour after the newest."""
        newest = max(max(s.published, s.modified) for s in self.stories) + timedelta(hours=1)
        given = {"published": newest, "modified": values.get("published", newest), "account": NAME, **values}
        story = Story(id=max(s.id for s in self.stories) + 3, slug=slug, title=title, body=body, **given)
        self.stories.append(story)
        return story

    def delete(self, slug: str, *, how: str = "404") -> None:
        """Delete a story; its URL then gives 404, 410, a redirect to the home page (`home`) or a soft 404 (`soft`)."""
        story = self.story(slug)
        self.stories.remove(story)
        self.gone[slug] = (how, story)

    def restore(self, slug: str) -> None:
        """Restore a deleted story."""
        self.stories.append(self.gone.pop(slug)[1])

    def protect(self, slug: str) -> None:
        """Set a password on a story."""
        self.edit(slug, kind="protected")

    def move(self, slug: str, new: str) -> None:
        """Change the URL of a story; the old one redirects."""
        story = self.story(slug)
        self.stories[self.stories.index(story)] = replace(story, slug=new)
        self.moved[slug] = new

    def address(self, story: Story) -> str:
        """Return the URL of a story."""
        return f"{self.url}{story.slug}/"

    def posts(self) -> list[Story]:
        """Return the public posts, newest first."""
        found = [s for s in self.stories if s.kind in ("post", "protected")]
        return sorted(found, key=lambda s: (s.published, s.id), reverse=True)

    def profile(self) -> str:
        """Return a site profile for the newspaper, as TOML."""
        head = f'title = "{NAME}"\nurl = "{self.url}"\nlanguage = "kk"\ntimezone = "Asia/Almaty"\ndelay = 0\n'
        return head + "".join(f'\n[[sources]]\nkind = "{kind}"\n' for kind in ("wordpress", "sitemap", "feed"))
