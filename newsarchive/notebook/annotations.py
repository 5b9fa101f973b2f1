"""The notebook as JSON in the W3C Web Annotation data model (https://www.w3.org/TR/annotation-model/). Pure functions.

A note is an annotation of an article's URL; its passage is given twice, by quotation and by position. That an article
is in a collection, and a saved search, are annotations too, so that one file holds the whole notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from newsarchive.errors import NewsArchiveError
from newsarchive.notebook.records import Collection, Note, Passage, SavedSearch

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
SEARCH = "urn:newsarchive:search:"
UUID = "urn:uuid:"
Json = dict[str, Any]


def write_annotations(
    notes: Iterable[Note], collections: Iterable[Collection], searches: Iterable[SavedSearch], *, label: str
) -> Json:
    """Return a notebook as an annotation collection with one page."""
    items = [
        *map(_of_note, notes),
        *(item for collection in collections for item in _of_collection(collection)),
        *map(_of_search, searches),
    ]
    return {
        "@context": CONTEXT,
        "type": "AnnotationCollection",
        "label": label,
        "total": len(items),
        "first": {"type": "AnnotationPage", "startIndex": 0, "items": items},
    }


def _annotation(
    identifier: str, motivation: str, created: str, modified: str, body: list[Json], target: object
) -> Json:
    times = {name: time for name, time in (("created", created), ("modified", modified)) if time}
    about = {"id": identifier, "type": "Annotation", "motivation": motivation, **times}
    return {**about, **({"body": body} if body else {}), "target": target}


def _text(value: str, purpose: str) -> Json:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


def _of_note(note: Note) -> Json:
    body = [_text(note.words, "commenting")] * bool(note.words) + [_text(tag, "tagging") for tag in note.tags]
    motivation = "commenting" if note.words else "tagging" if note.tags else "highlighting"
    return _annotation(UUID + note.uuid, motivation, note.created, note.modified, body, _target(note))


def _target(note: Note) -> Json:
    passage = note.passage
    target: Json = {"source": note.url}
    if note.seen:
        target = {**target, "state": {"type": "TimeState", "sourceDate": note.seen}}
    if not passage.quotation:
        return target
    around = {"prefix": passage.before, "suffix": passage.after}
    quoted = {"type": "TextQuoteSelector", "exact": passage.quotation, **{k: v for k, v in around.items() if v}}
    selectors: list[Json] = [quoted]
    if passage.start is not None:
        end = passage.start + len(passage.quotation)
        selectors.append({"type": "TextPositionSelector", "start": passage.start, "end": end})
    return {**target, "selector": selectors}


def _of_collection(collection: Collection) -> Iterator[Json]:
    """Yield the collection, and an annotation for each of its articles."""
    group = {"id": UUID + collection.uuid, "type": "AnnotationCollection", "label": collection.name}
    if collection.about:
        group["summary"] = collection.about
    yield _annotation(UUID + collection.uuid, "classifying", collection.created, collection.modified, [], group)
    for number, (url, added) in enumerate(collection.articles.items()):
        body = {"type": "SpecificResource", "source": UUID + collection.uuid, "purpose": "classifying"}
        identifier = f"urn:newsarchive:member:{collection.uuid}:{number}"
        yield _annotation(identifier, "classifying", added, "", [body], {"source": url})


def _of_search(search: SavedSearch) -> Json:
    target = {"source": SEARCH + quote(search.query, safe="=&%+-._~*")}
    return _annotation(
        UUID + search.uuid, "bookmarking", search.created, "", [_text(search.name, "describing")], target
    )


class AnnotationError(NewsArchiveError, ValueError):
    """The JSON has no annotations."""


def read_annotations(data: object) -> tuple[list[Note], list[Collection], list[SavedSearch], int]:
    """Return what a JSON file holds, and the number of annotations that cannot be read. Raises AnnotationError.

    The file may be a collection, a page, a list or a single annotation, also of other programs, such as Hypothesis.
    """
    notes, searches, skipped = [], [], 0
    collections: dict[str, Collection] = {}
    for item in _items(data):
        try:
            if _is_member(item, collections):
                continue
            if search := _read_search(item):
                searches.append(search)
            else:
                notes.append(_read_note(item))
        except (KeyError, TypeError, ValueError, AttributeError):
            skipped += 1
    return notes, list(collections.values()), searches, skipped


def _items(data: object) -> Sequence[Any]:
    if isinstance(data, Mapping):
        for name in ("first", "items", "rows", "annotations"):
            if name in data:
                return _items(data[name])
        if "target" in data:
            return [data]
    if isinstance(data, list):
        return data
    raise AnnotationError("This is no collection, page or list of Web Annotations.")


def _identifier(item: Json) -> str:
    """Return an annotation's identifier, without the scheme if it is a UUID."""
    value = item["id"]
    if not isinstance(value, str) or not 0 < len(value) < 500:
        raise TypeError("no identifier")
    return value.removeprefix(UUID)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_member(item: Json, collections: dict[str, Collection]) -> bool:
    """Read a collection, or an article's membership in one; return False if the annotation is neither."""
    if item.get("motivation") != "classifying":
        return False
    target = item["target"]
    if isinstance(target, Mapping) and target.get("type") == "AnnotationCollection":
        collections[_identifier(item)] = Collection(
            uuid=_identifier(item),
            name=_string(target["label"]),
            about=_string(target.get("summary", "")),
            created=_string(item.get("created", "")),
            modified=_string(item.get("modified", "")),
        )
        return True
    for body in _listed(item.get("body")):
        name = body["source"].removeprefix(UUID) if isinstance(body, Mapping) and "source" in body else ""
        if name in collections:
            group = collections[name]
            articles = {**group.articles, _string(target["source"]): _string(item.get("created", ""))}
            collections[name] = Collection(**{**vars(group), "articles": articles})
            return True
    return False


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return "".join(c for c in value if c.isprintable() or c in "\n\t\u00a0\u00ad")


def _read_search(item: Json) -> SavedSearch | None:
    target = item["target"]
    source = target.get("source") if isinstance(target, Mapping) else None
    if not isinstance(source, str) or not source.startswith(SEARCH):
        return None
    query = source.removeprefix(SEARCH)
    names = [_string(body["value"]) for body in _listed(item.get("body"))]
    return SavedSearch(
        uuid=_identifier(item), name=next(iter(names), query), query=query, created=_string(item.get("created", ""))
    )


def _read_note(item: Json) -> Note:
    target = next(iter(_listed(item["target"])))
    url = _string(target if isinstance(target, str) else target.get("source") or target["id"])
    selectors = _listed(target.get("selector")) if isinstance(target, Mapping) else []
    state = target.get("state") if isinstance(target, Mapping) else None
    words, tags = _read_bodies(item)
    return Note(
        uuid=_identifier(item),
        url=url,
        passage=_read_passage(selectors),
        seen=_string(state.get("sourceDate", "")) if isinstance(state, Mapping) else "",
        words=words,
        tags=tags,
        created=_string(item.get("created", "")),
        modified=_string(item.get("modified", item.get("created", ""))),
    )


def _read_passage(selectors: Sequence[Any]) -> Passage:
    by_type = {selector["type"]: selector for selector in selectors}
    quoted, position = by_type.get("TextQuoteSelector", {}), by_type.get("TextPositionSelector", {})
    start = position.get("start")
    return Passage(
        quotation=_string(quoted.get("exact", "")),
        before=_string(quoted.get("prefix", "")),
        after=_string(quoted.get("suffix", "")),
        start=start if isinstance(start, int) and 0 <= start < 1 << 53 else None,
    )


def _read_bodies(item: Json) -> tuple[str, tuple[str, ...]]:
    words: list[str] = []
    tags: list[str] = []
    for body in _listed(item.get("body")) + _listed(item.get("bodyValue")):
        if isinstance(body, str):
            words.append(_string(body))
        elif "value" in body:
            (tags if body.get("purpose") == "tagging" else words).append(_string(body["value"]))
    return "\n\n".join(filter(None, words)), tuple(dict.fromkeys(filter(None, tags)))
