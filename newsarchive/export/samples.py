"""Random samples of articles that can be drawn again: by a seed and the articles' addresses, not by their numbers."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import replace

from newsarchive.export.records import Job

METHOD = "the articles with the smallest SHA-256 of the seed, a space and the URL"
_URLS = "select a.url from json_each(?) k join articles a on a.id = k.value order by k.key"


def draw_sample(job: Job, size: int, seed: str) -> Job:
    """Return the job for a random sample of its articles, in the same order; all of them if there are not more.

    The same seed draws the same articles from the same addresses, in any archive, and nearly the same ones after the
    archive has grown.
    """
    return job.only(sorted(place for _, place in heapq.nsmallest(size, _ranks(job, seed))))


def _ranks(job: Job, seed: str) -> Iterator[tuple[bytes, int]]:
    for place, (_, row) in enumerate(replace(job, withheld=None).rows(_URLS)):
        yield hashlib.sha256(f"{seed} {row['url']}".encode()).digest(), place
