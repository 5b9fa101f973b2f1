"""The command that tells what became of cited versions: verify."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from newsarchive.cli.revisions import print_diff
from newsarchive.cli.terminal import Archive, json_option, print_json
from newsarchive.export.verifying import MISMATCH, UNKNOWN, Verdict, read_citations
from newsarchive.export.verifying import verify as verify_citation


@click.command()
@click.argument("citation", metavar="CITATION|FILE")
@click.option("--diff", "with_diff", is_flag=True, help="Show the words that changed since.")
@json_option
@click.pass_obj
def verify(archive: Archive, citation: str, with_diff: bool, as_json: bool) -> None:
    """Report what became of a cited version: same, edited since, gone or withheld. Its digest is checked.

    CITATION is what `cite` printed in any style, a PWID, or a URL with a digest. FILE has any number of citations, or
    is an export as JSON Lines or CSV; - is standard input. Exits with 1 if a citation is of no version that the archive
    has.
    """
    cited = read_citations(_text_of(citation))
    if not cited:
        raise click.UsageError("There is no citation: it needs the URL of an article, its digest, or a PWID.")
    reading = archive.reading()
    verdicts = [verify_citation(reading, one) for one in cited]
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            _print(verdict, with_diff=with_diff)
    if len(verdicts) > 1:
        counts = Counter(verdict.state for verdict in verdicts)
        archive.say(", ".join(f"{number} {state}" for state, number in counts.most_common()))
    sys.exit(1 if any(verdict.state in (MISMATCH, UNKNOWN) for verdict in verdicts) else 0)


def _text_of(citation: str) -> str:
    """Return the text of a citation, or that of the file it names."""
    if citation == "-":
        return sys.stdin.read()
    try:
        path = Path(citation)
        return path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else citation
    except (OSError, ValueError):  # a long citation is no name of a file
        return citation


def _print(verdict: Verdict, *, with_diff: bool) -> None:
    version = f" (revision {verdict.revision})" if verdict.revision is not None else ""
    name = verdict.cited.url or verdict.cited.digest
    click.echo(f"{verdict.state:<8}  {name}{version}: {verdict.sentence}")
    if with_diff and verdict.changes:
        print_diff(verdict.changes)
