"""What the class and id of an element name: boilerplate of some kind, a list of related articles, a caption."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from lxml import html

from newsarchive.text.folding import fold

Element: TypeAlias = html.HtmlElement

_REGIONS = {
    "related": r"""related\w*|recommend\w*|recirc\w*|similar|more-?topics?|topics?-more|outbrain|taboola
        |jp-relatedposts|yarpp\w*|read-?(?:more|next|also|on)|see-?also|also-?read|further-?reading
        |more-?(?:news|stories|on|from|articles|links)|most-?(?:read|viewed|popular)|popular|trending|latest|recent
        |wp-embedded-content|teasers?(?!-?text)|ticker|carousel|slider|breaking""",
    "promotion": r"""newsletter\w*|subscri\w+|signup|sign-up|registration|promo\w*|advert\w*|adv|advtext\w*|ads?
        |sponsor\w*|affiliate\w*|banner|cta|disclaimer|donat\w+|login|sign-in""",
    "sharing": r"""shar(?:e|es|ing|er)|share-?\w*|sharedaddy|social\w*|follow\w*|addtoany|sociable""",
    "comments": r"""comments?|commentlist|disqus|respond|replies|reactions?|feedback|report-error|poll|quiz|rating
        |vote""",
    "sidebar": r"""sidebar(?!-(?:enabled|disabled|active|layout|none|off)\b)|side-bar|widgets?""",
    "terms": r"""tags?|tag-?list|taglist|tagcloud|tag-cloud|topics|keywords|post-?cats|cat-links""",
    "author": r"""author-?(?:bio|box|info|card|profile|about|content|desc\w*|image|block)|about-?(?:the-)?author|bio
        |post-?author""",
    "navigation": r"""breadcrumbs?|pagination|page-?links|pager|post-?nav\w*|nav
        |(?:ez-)?toc-(?:container|title)|lwptoc|navigation|menu|toolbar|tool-?box
        |tools|text-?resiz\w*""",
    "overlay": r"""print-(?:only|header|footer)|modal\w*|popup\w*|pop-up|overlay|tooltip|toast\w*|cookie\w*|consent
        |paywall|(?:audio|podcast)-?player""",
    "legal": r"""copyright|source-?list""",
    "meta": r"""views?(?!-(?:mode|row|element|field|infinite)\b)|counter|meta-?bar|metabar|post-?meta
        |entry-?meta|entry-footer|post-footer|article-footer|post-views""",
}
"""Kind of boilerplate -> its names; the first kind that matches counts."""
_REGION = re.compile(
    "(?:^|[\\s_-])(?:" + "|".join(f"(?P<{kind}>{names})" for kind, names in _REGIONS.items()) + ")(?:$|[\\s_-])", re.X
)
_RELATED = re.compile(
    r"(?:^|[\s_-])(?:related-?(?:posts?|articles?|news|stories|items|content)?|jp-relatedposts|yarpp\w*|outbrain|taboola"
    r"|similar-?(?:posts?|articles?|news)|recommended-?(?:posts?|articles?|news)|recirc\w*)(?:$|[\s_-])"
)
_CAPTION = re.compile(
    r"""(?:^|[\s_-])(?:caption\w*|\w{0,30}caption|wp-caption-text|credits?|legend|imgcap
    |(?:lead-?)?(?:image|img|photo|foto|picture|media|bild)[_-]{0,3}(?:block[_-]{0,3})?
        (?:desc\w*|caption\w*|info|text|credits?|copyright|source|title|legend|author)
    |wrapper-(?:image|img|photo|picture))(?:$|[\s_-])""",
    re.X,
)
_CAPTION_ONLY = re.compile(
    r"(?:^|[\s_-])(?:caption\w*|wp-caption-text|credits?|imgcap)(?:$|[\s_-])|figcaption|imagecaption"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_heading_slug(name: str, found: str, heading: str) -> bool:
    """True if an id was made of a heading's text, of which the words `found` are only a part.

    >>> is_heading_slug("effective-menu-management", "menu", "1. Effective menu management")
    True
    >>> is_heading_slug("related-articles", "related", "Related articles")
    False
    """
    slug = fold(name.removeprefix("h-"))
    is_long = name.count("-") + name.count("_") >= 4
    return bool(slug) and slug in fold(heading) and (is_long or not slug.startswith(fold(found)))


def words_of(element: Element) -> str:
    """Return the class and id of an element in lower case, with camel case split by hyphens."""
    classes, name = element.get("class"), element.get("id")
    if not classes and not name:
        return ""
    return split_camel_case(f"{classes or ''} {name or ''}"[:LONGEST_NAMES])


LONGEST_NAMES = 300
"""Characters of class and id that are read."""


@lru_cache(maxsize=20_000)
def split_camel_case(names: str) -> str:
    """Return names in lower case, with camel case split by hyphens."""
    return _CAMEL.sub("-", names).lower()


@lru_cache(maxsize=20_000)
def region_named(words: str) -> tuple[str, str]:
    """Return the kind of boilerplate that class and id name, and the name; both empty if there is none.

    >>> region_named("post-body related-posts")
    ('related', 'related')
    """
    found = _REGION.search(words)
    return (found.lastgroup or "", found[0].strip(" _-")) if found else ("", "")


@lru_cache(maxsize=20_000)
def names_related_list(words: str) -> bool:
    """True if class and id name a list of related articles."""
    return _RELATED.search(words) is not None


@lru_cache(maxsize=20_000)
def names_caption(words: str) -> bool:
    """True if class and id name an image's caption or credit."""
    return _CAPTION.search(words) is not None


@lru_cache(maxsize=20_000)
def names_caption_only(words: str) -> bool:
    """True if class and id name a caption and can name nothing else."""
    return _CAPTION_ONLY.search(words) is not None
