"""Reprints: how many of generated ones are found, how many decoys are taken for them, and how long it takes.

Each group is an article and its reprints: whole, shortened, with a new headline, in another alphabet, with a paragraph
added. Decoys are other articles about the same event: other sentences with the same names, numbers and a quotation.

    python -m benchmarks.reprints [--groups 1000] [--articles 20000] [--sentences FILE]
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article
from newsarchive.kazakh.lexicon import shipped_lexicon
from newsarchive.reprints import update_reprints
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text
from newsarchive.times import stamp

CYRILLIC = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
_2021 = "a ä b v g ğ d e yo j z i i k q l m n ñ o ö p r s t u ū ü f h h ts ch ş şş  y ı  e iu ia"
_2018 = "a á b v g ǵ d e ıo j z ı ı k q l m n ń o ó p r s t ý u ú f h h ts ch sh shsh  y i  e ıý ıa"
_PLAIN = "a a b v g g d e yo zh z i i k q l m n n o o p r s t u u u f kh h ts ch sh shch  y i  e yu ya"
_ARABIC = "ا ا ب ۆ گ ع د ە يو ج ز ي ي ك ق ل م ن ڭ و و پ ر س ت ۋ ۇ ۇ ف ح ھ تس چ ش شش  ى ى  ە يۋ يا"
ALPHABETS = {
    "kk-Latn": [dict(zip(CYRILLIC, values.split(" "), strict=True)) for values in (_2021, _2018, _PLAIN)],
    "kk-Arab": [dict(zip(CYRILLIC, _ARABIC.split(" "), strict=True))],
}
WAYS = ("whole", "shortened", "headline", "alphabet", "paragraph")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A generated article: its text, and the group it belongs to; decoys belong to none."""

    group: int | None
    way: str
    title: str
    body: str
    language: str = "kk"


class Writer:
    """Writes articles from sentences, by chance but always the same."""

    def __init__(self, sentences: Sequence[str], seed: int = 20) -> None:
        self._sentences = sentences
        self._chance = random.Random(seed)
        self._words = sorted({w for line in shipped_lexicon().stems if 3 < len(w := line.split()[0]) < 12})

    def sentence(self) -> str:
        """Return a sentence: one of those given, or words by chance."""
        if self._sentences:
            return self._chance.choice(self._sentences)
        words = self._chance.choices(self._words, k=self._chance.randint(6, 18))
        return f"{' '.join(words).capitalize()}."

    def paragraphs(self, count: int) -> list[str]:
        """Return paragraphs of two to four sentences."""
        return [" ".join(self.sentence() for _ in range(self._chance.randint(2, 4))) for _ in range(count)]

    def group(self, number: int) -> Iterator[Sample]:
        """Yield an article, its reprints, and a decoy about the same event."""
        title, body = self.sentence(), self.paragraphs(self._chance.randint(4, 9))
        names = [" ".join(w.capitalize() for w in self._chance.sample(self._words, 2)) for _ in range(3)]
        quotation = f"«{self.sentence()}» – деді {names[0]}."
        body[1] += f" {quotation} {names[1]} мен {names[2]} {self._chance.randint(2, 999)} теңге бөлді."
        yield Sample(group=number, way="original", title=title, body="\n\n".join(body))
        for way in self._chance.sample(WAYS, self._chance.randint(1, 3)):
            yield self._reprint(number, way, title, body)
        decoy = self.paragraphs(len(body))
        decoy[1] += " ".join(body[1].split(" ")[-len(quotation.split(" ")) - 9 :])
        yield Sample(group=None, way="decoy", title=title, body="\n\n".join(decoy))

    def _reprint(self, number: int, way: str, title: str, body: list[str]) -> Sample:
        text, language = "\n\n".join(body), "kk"
        if way == "shortened":
            text = "\n\n".join(body[: max(2, round(len(body) * self._chance.uniform(0.3, 0.8)))])
        elif way == "headline":
            title = self.sentence()
        elif way == "paragraph":
            extra = [*body]
            extra.insert(self._chance.randint(0, len(body)), self.paragraphs(1)[0])
            text = "\n\n".join(extra)
        elif way == "alphabet":
            language = self._chance.choice(sorted(ALPHABETS))
            text = transliterated(text, self._chance.choice(ALPHABETS[language]))
        return Sample(group=number, way=way, title=title, body=text, language=language)


def transliterated(text: str, letters: dict[str, str]) -> str:
    """Return a text in another alphabet."""
    return "".join(
        (letters[c.lower()].capitalize() if c != c.lower() else letters[c]) if c.lower() in letters else c for c in text
    )


def store(db: Database, samples: Sequence[Sample], *, sites: int = 5, start: int = 0) -> dict[int, Sample]:
    """Store the samples in the archive as articles of several sites, a minute apart; return them by number."""
    papers = [Site(name=f"p{n}", url=f"https://p{n}.example/") for n in range(sites)]
    for paper in papers:
        save_site(db, paper)
    stored = {}
    with db.atomic():
        for number, sample in enumerate(samples, start):
            paper = papers[number % sites]
            time = stamp(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number))
            article = Article(
                url=f"{paper.url}{number}/", site=paper.name, title=sample.title, body=sample.body,
                markdown=sample.body, language=sample.language, published=time,
            )  # fmt: skip
            search_text = make_search_text(
                title=sample.title, lead="", body=sample.body, authors=[], language=sample.language
            )
            saved = save_article(
                db, article, site=paper, urls=[article.url], provenance=Provenance(time=time), search_text=search_text
            )
            stored[saved.article] = sample
    return stored


def measure(db: Database, stored: dict[int, Sample]) -> tuple[float, float, int]:
    """Return precision and recall over pairs of articles, and how many decoys are in a group."""
    groups: dict[int, set[int]] = {}
    for article, members in db.conn.execute("select article, members from reprint_groups"):
        groups.setdefault(members, set()).add(article)
    found = {pair for members in groups.values() for pair in combinations(sorted(members), 2)}
    own: dict[int, list[int]] = {}
    for article, sample in stored.items():
        if sample.group is not None:
            own.setdefault(sample.group, []).append(article)
    true = {pair for members in own.values() for pair in combinations(sorted(members), 2)}
    decoys = sum(stored[a].group is None for members in groups.values() for a in members)
    return len(found & true) / max(1, len(found)), len(found & true) / max(1, len(true)), decoys


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--articles", type=int, default=20_000, help="For the time: so many, a tenth of them reprints.")
    parser.add_argument("--sentences", type=Path, help="A file of real sentences, one a line.")
    asked = parser.parse_args()
    sentences = asked.sentences.read_text(encoding="utf-8").split("\n") if asked.sentences else []
    sentences = [s.rsplit("\t", 1)[-1] for s in sentences if len(s.split()) > 5]
    writer = Writer(sentences)
    with tempfile.TemporaryDirectory() as folder:
        db = open_archive(Path(folder))
        stored = store(db, [sample for n in range(asked.groups) for sample in writer.group(n)])
        update_reprints(db)
        precision, recall, decoys = measure(db, stored)
        figures = f"precision {precision:.4f}, recall {recall:.4f}, {decoys} decoys"
        print(f"{asked.groups} groups, {len(stored)} articles: {figures}")
    with tempfile.TemporaryDirectory() as folder:
        db = open_archive(Path(folder))
        for start in (0, asked.articles // 2):
            bodies = ["\n\n".join(writer.paragraphs(8)) for _ in range(asked.articles // 2)]
            samples = [Sample(group=None, way="", title="", body=body) for body in bodies]
            samples[::20] = samples[1::20]
            store(db, samples, start=start)
            begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
            done = update_reprints(db)
            now = resource.getrusage(resource.RUSAGE_SELF)
            cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            each = cpu / max(1, done.done) * 1000
            print(f"{done.done} more compared in {time.monotonic() - begin:.1f} s, {each:.2f} ms of CPU each")


if __name__ == "__main__":
    main()
