"""The commands that show how an article changed: history, diff."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.text import Text

from newsarchive.cli.locating import locate
from newsarchive.cli.reading import revision_row
from newsarchive.cli.tables import OutputConsole, print_table
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.revisions.differences import REMOVED, SAME, Piece, compare_revisions


@click.command()
@click.argument("article", metavar="ID|URL")
@json_option
@click.pass_obj
def history(archive: Archive, article: str, as_json: bool) -> None:
    """List the revisions of an article."""
    db, number = locate(archive.reading(), article)
    rows = list(
        db.query(
            "select number, time, kind, changed, title from revisions where article = ? order by number",
            [number],
        )
    )
    for row in rows:
        row["changed"] = json.loads(row["changed"]) if as_json else ", ".join(json.loads(row["changed"]))
    columns = {"number": "Revision", "time": "First seen", "kind": "Kind", "changed": "Changed", "title": "Title"}
    print_json(rows) if as_json else print_table(rows, columns, empty="No revisions.")


@click.command()
@click.argument("article", metavar="ID|URL")
@click.argument("numbers", nargs=-1, type=int, metavar="[N M]")
@json_option
@click.pass_obj
def diff(archive: Archive, article: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Show the words that changed between two revisions; without numbers, the newspaper's last two."""
    db, key = locate(archive.reading(), article)
    if len(numbers) not in (0, 2):
        raise click.UsageError("diff takes two revision numbers, or none for the last two.")
    if not numbers:
        sql = "select number from revisions where article = ? and kind <> 'reextracted' order by number desc limit 2"
        own = [number for (number,) in db.conn.execute(sql, (key,))] or [1]
        numbers = (own[-1], own[0])
    before, after = (revision_row(db, key, number) for number in numbers)
    changes = compare_revisions(before, after)
    if as_json:
        fields = {name: [asdict(piece) for piece in pieces] for name, pieces in changes.items()}
        print_json({"article": key, "from": numbers[0], "to": numbers[1], "fields": fields})
        return
    if not changes:
        archive.say(f"Revisions {numbers[0]} and {numbers[1]} have the same content.")
    print_diff(changes)


def print_diff(changes: dict[str, list[Piece]]) -> None:
    """Print the words that changed, by field."""
    console = OutputConsole(highlight=False, soft_wrap=True)
    for name, pieces in changes.items():
        text = Text(f"{name}: ")
        for piece in pieces:
            if piece.kind == SAME:
                text.append(_shortened(piece.text))
            elif piece.kind == REMOVED:
                text.append(f"[-{piece.text}-]", style="red strike")
            else:
                text.append(f"{{+{piece.text}+}}", style="green")
        console.print(text)


def _shortened(text: str) -> str:
    words = text.split(" ")
    return text if len(words) < 24 else " ".join([*words[:10], "…", *words[-10:]])
