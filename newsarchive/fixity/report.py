"""What a check gives: problems, each with its place and the articles it touches, and notes that need nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is off."""

    file: str
    """Inside the archive's folder: warc/NAME, images/NAME, archive.db."""
    what: str
    offset: int | None = None
    """Where in the file the record begins, in bytes."""
    articles: tuple[int, ...] = ()

    def sentence(self) -> str:
        """The problem in one line.

        >>> Problem(file="warc/a.warc.gz", offset=512, what="its bytes differ", articles=(7,)).sentence()
        'warc/a.warc.gz at 512: its bytes differ (article 7)'
        """
        place = self.file if self.offset is None else f"{self.file} at {self.offset}"
        names = ", ".join(map(str, self.articles[:10])) + (", …" if len(self.articles) > 10 else "")
        touched = f" (article{'s' if len(self.articles) > 1 else ''} {names})" if self.articles else ""
        return f"{place}: {self.what}{touched}"


@dataclass(kw_only=True)
class Report:
    """All that a check found, and how much it looked at."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    def add(self, file: str, what: str, *, offset: int | None = None, articles: tuple[int, ...] = ()) -> None:
        """Note a problem."""
        self.problems.append(Problem(file=file, what=what, offset=offset, articles=articles))

    def count(self, what: str, number: int = 1) -> None:
        """Count what was looked at."""
        self.checked[what] = self.checked.get(what, 0) + number

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        return {"problems": [asdict(p) for p in self.problems], "notes": self.notes, "checked": self.checked}


Progress = Callable[[str, int, int], None]
"""Is told what is being looked at, how much of it is done, and of how much."""
