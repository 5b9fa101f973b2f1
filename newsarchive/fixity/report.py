"""The result of a check: problems with their places and articles, and notes that need no action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem."""

    file: str
    """Inside the archive's folder: warc/NAME, images/NAME, archive.db."""
    what: str
    offset: int | None = None
    """Offset of the record in the file, in bytes."""
    articles: tuple[int, ...] = ()

    def sentence(self) -> str:
        """Return the problem in one line.

        >>> Problem(file="warc/a.warc.gz", offset=512, what="its bytes differ", articles=(7,)).sentence()
        'warc/a.warc.gz at 512: its bytes differ (article 7)'
        """
        place = self.file if self.offset is None else f"{self.file} at {self.offset}"
        names = ", ".join(map(str, self.articles[:10])) + (", …" if len(self.articles) > 10 else "")
        touched = f" (article{'s' if len(self.articles) > 1 else ''} {names})" if self.articles else ""
        return f"{place}: {self.what}{touched}"


@dataclass(kw_only=True)
class Report:
    """All that a check found, and how much it checked."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    def add(self, file: str, what: str, *, offset: int | None = None, articles: tuple[int, ...] = ()) -> None:
        """Add a problem."""
        self.problems.append(Problem(file=file, what=what, offset=offset, articles=articles))

    def count(self, what: str, number: int = 1) -> None:
        """Count what was checked."""
        self.checked[what] = self.checked.get(what, 0) + number

    def as_data(self) -> dict[str, Any]:
        """Return the report as plain data."""
        old = {"pictures": self.checked["images"]} if "images" in self.checked else {}  # its name in 0.1.0
        return {
            "problems": [asdict(p) for p in self.problems],
            "notes": self.notes,
            "checked": {**self.checked, **old},
        }


Progress = Callable[[str, int, int], None]
"""Called with what is being checked, the amount done, and the total."""
