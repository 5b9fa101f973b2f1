"""The command that finds the Kazakh and Russian versions of articles: translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from newsarchive.cli.locating import locate_part, name_in
from newsarchive.cli.reading import filter_options, read_filters
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.export.targets import target_file
from newsarchive.search import FilterError, Reading
from newsarchive.text.counting import counted
from newsarchive.translations.files import pair_as_data, write_jsonl, write_tmx
from newsarchive.translations.pairing import Translation, find_translations, read_versions, translation_of

WRITERS = {"tmx": write_tmx, "jsonl": write_jsonl}


@click.command()
@click.argument("article", metavar="[ID|URL]", required=False)
@click.option("--format", "form", type=click.Choice(tuple(WRITERS)), help="Write sentences side by side.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("-"), help="The file; - is standard output."
)
@filter_options
@json_option
@click.pass_obj
def translations(
    archive: Archive, /, article: str | None, form: str | None, output: Path, as_json: bool, **filters: Any
) -> None:
    """Find the Kazakh and Russian versions of articles: by links between pages, images, day, names and numbers.

    With --format, write pairs of sentences that are sure translations as a translation memory or JSON Lines.
    """
    reading = archive.reading()
    try:
        if article is not None:
            part, number = locate_part(reading, article, to_publish=True)
            pair = translation_of(reading, archive.folder, number, part=part)
            pairs = [pair] if pair else []
        else:
            pairs = find_translations(read_versions(reading, archive.folder, **read_filters(filters)))
    except FilterError as error:
        raise click.UsageError(str(error)) from error
    if form:
        with target_file(output) as file:
            count = WRITERS[form](reading, pairs, file)
        archive.say(f"{counted(count, 'pair')} of sentences of {counted(len(pairs), 'pair')} of articles")
        return
    if as_json:
        print_json([pair.as_data() if article is None else pair_as_data(reading, pair) for pair in pairs])
        return
    columns = {"kk": "Kazakh", "ru": "Russian", "day": "Day", "score": "Score", "title": "Titles", "why": "By"}
    print_table((_row(reading, pair) for pair in pairs), columns, empty="No pairs were found.")


def _row(reading: Reading, pair: Translation) -> dict[str, object]:
    return {
        "kk": name_in(reading, pair.kazakh.site, pair.kazakh.article),
        "ru": name_in(reading, pair.russian.site, pair.russian.article),
        "day": pair.kazakh.day.isoformat(),
        "score": pair.score,
        "title": f"{pair.kazakh.title} / {pair.russian.title}",
        "why": ", ".join(pair.evidence[:4]),
    }
