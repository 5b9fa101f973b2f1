"""What made an article out of a page: its name and version, kept with each revision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(kw_only=True, frozen=True)
class Extractor:
    """What made an article out of a page: kept with each revision."""

    name: str
    version: str
    options_digest: str


_RULES = "2"
"""Raised whenever a change of the rules changes much of what comes out."""


def _rules_digest() -> str:
    """A digest of the rules as they are: of their code, and of the version of trafilatura."""
    digest = hashlib.sha256(f"trafilatura {version('trafilatura')}".encode())
    root = Path(__file__).parent
    for path in (root / "encodings.py", *sorted(root.glob("extraction/*.py")), *sorted(root.glob("kazakh/*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


EXTRACTOR = Extractor(name="newsarchive", version=_RULES, options_digest=_rules_digest())
