"""Kazakh and Russian versions of one article: how many generated pairs are found, and how many decoys are taken.

Each pair has most of its names and numbers and often its image in common, in other words and another order. Decoys are
of the same days, each with two names or numbers of a Kazakh article, of which every fourth has no other version.

    python -m benchmarks.translations [--pairs 400]
"""

from __future__ import annotations

import argparse
import random
import tempfile
from datetime import date, timedelta
from pathlib import Path

from sqlite_utils import Database

from newsarchive.database import open_archive, save_article, save_site
from newsarchive.database.revisions import Provenance
from newsarchive.items import Article, Image
from newsarchive.sites import Site
from newsarchive.text.search_text import make_search_text
from newsarchive.translations.pairing import find_translations, read_versions

_SURNAMES = [
    "Ахмет",
    "Серік",
    "Нұрлан",
    "Тоқай",
    "Жақып",
    "Сәду",
    "Қали",
    "Мұрат",
    "Ержан",
    "Бекен",
    "Әбіл",
    "Омар",
    "Сұлтан",
    "Қасым",
    "Рахым",
    "Досым",
]
_PLACES = [
    "Ақтау",
    "Тараз",
    "Өскемен",
    "Қостанай",
    "Атырау",
    "Семей",
    "Көкшетау",
    "Орал",
    "Талғар",
    "Шымкент",
    "Жезқазған",
    "Риддер",
]
_TO_RUSSIAN = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
_KK = [
    "бүгін",
    "әкімдік",
    "жаңа",
    "жоба",
    "құрылыс",
    "үшін",
    "қаржы",
    "бөлді",
    "халық",
    "жиын",
    "өтті",
    "мектеп",
    "жол",
    "су",
    "көпір",
    "ауыл",
    "жұмыс",
    "басталды",
]
_RU = [
    "сегодня",
    "акимат",
    "новый",
    "проект",
    "строительство",
    "для",
    "средства",
    "выделил",
    "народ",
    "собрание",
    "прошло",
    "школа",
    "дорога",
    "мост",
]


class Reporter:
    """Writes articles in both languages, by chance but always the same."""

    def __init__(self, seed: int = 5) -> None:
        self._chance = random.Random(seed)

    def facts(self) -> list[tuple[str, str]]:
        """Return names, places and numbers, each in Kazakh and in Russian."""
        chance, found = self._chance, []
        for _ in range(chance.randint(3, 5)):
            name = chance.choice(_SURNAMES) + chance.choice(("", "бай", "хан", "жан", "бек"))
            found.append((f"{name}ов{chance.choice(('', 'тың', 'қа'))}", f"{name.translate(_TO_RUSSIAN)}ов"))
        place = chance.choice(_PLACES)
        found.append((f"{place}да", f"{place.translate(_TO_RUSSIAN)}е"))
        found += [(number, number) for number in (f"{chance.randint(11, 9999)}", f"{chance.randint(11, 99)},5")]
        return found

    def text(self, facts: list[str], words: list[str]) -> str:
        """Return sentences that mention the facts."""
        chance, sentences = self._chance, []
        for fact in facts:
            around = chance.choices(words, k=chance.randint(5, 9))
            around.insert(chance.randint(1, len(around)), fact)
            sentences.append(
                f"{' '.join(around).capitalize().replace(fact.capitalize(), fact).replace(fact.lower(), fact)}."
            )
        return " ".join(sentences)

    def decoy_facts(self, facts: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return other facts, with two of a pair's among them."""
        return [*self._chance.sample(facts, 2), *self.facts()]

    def choice(self, share: float) -> bool:
        """Return True by chance."""
        return self._chance.random() < share


def store(db: Database, pairs: int) -> set[tuple[int, int]]:
    """Store pairs, every fourth without its Russian version, and as many decoys; return the true pairs."""
    site, reporter = Site(name="p", url="https://p.example/"), Reporter()
    save_site(db, site)
    true = set()
    with db.atomic():
        for number in range(pairs):
            day = date(2025, 1, 1) + timedelta(number // 10)
            facts = reporter.facts()
            image = f"https://p.example/{number}.jpg" if reporter.choice(0.5) else ""
            kazakh = _save(db, site, f"kk{number}", "kk", day, reporter.text([f for f, _ in facts], _KK), image)
            later = day + timedelta(int(reporter.choice(0.2)))
            told = [f for _, f in facts if reporter.choice(0.85)][::-1]  # a translation leaves some out
            decoy = [f for _, f in reporter.decoy_facts(facts)]
            _save(db, site, f"decoy{number}", "ru", day, reporter.text(decoy, _RU), "")
            if number % 4:
                text = reporter.text(told, _RU)
                true.add((kazakh, _save(db, site, f"ru{number}", "ru", later, text, image)))
    return true


def _save(db: Database, site: Site, name: str, language: str, day: date, body: str, image: str) -> int:
    article = Article(
        url=f"https://p.example/{name}/", site="p", title="", body=body, markdown=body, language=language,
        published=f"{day}T05:00:00Z", images=(Image(url=image),) if image else (),
    )  # fmt: skip
    search_text = make_search_text(title="", lead="", body=body, authors=[], language=language)
    provenance = Provenance(time=f"{day}T06:00:00Z")
    return save_article(
        db, article, site=site, urls=[article.url], provenance=provenance, search_text=search_text
    ).article


def measure(db: Database, folder: Path, true: set[tuple[int, int]]) -> tuple[float, float]:
    """Return precision and recall."""
    pairs = find_translations(read_versions(db, folder))
    found = {(pair.kazakh.article, pair.russian.article) for pair in pairs}
    return len(found & true) / max(1, len(found)), len(found & true) / len(true)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=400)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = open_archive(Path(folder))
        precision, recall = measure(db, Path(folder), store(db, asked.pairs))
    print(f"{asked.pairs} articles and as many decoys: precision {precision:.4f}, recall {recall:.4f}")


if __name__ == "__main__":
    main()
