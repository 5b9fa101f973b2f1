"""What made an article out of a page: its name and version, kept with each revision."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version


@dataclass(kw_only=True, frozen=True)
class Extractor:
    """What made an article out of a page: kept with each revision.

    `version` is the version of our own rules, `options_digest` names the version of the library below them. Where both
    are the same, the same page gives the same article.
    """

    name: str
    version: str
    options_digest: str


RULES_VERSION = "9"
"""Of all that decides what comes out of a page: `extraction`, `kazakh` and the reading of bodies as text.

Raise it by one with every change that makes any page come out differently; `python -m tests.golden` then records the
golden outputs of the new version. Moving, renaming and commenting do not change it.
"""

EXTRACTOR = Extractor(name="newsarchive", version=RULES_VERSION, options_digest=f"trafilatura {version('trafilatura')}")
