"""The command line: newsarchive crawl | fetch | search | show | status | ..."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
from keyword import iskeyword
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click

from newsarchive import __version__

LOCKED = 75
PERMISSION = "NEWSARCHIVE_PERMISSION"
"""Set for a process that works for a collection: the file with its permission to do so."""
PIPE_CLOSED = 141
"""What a shell reports of a program that wrote into a pipe whose reader is gone: 128 + SIGPIPE."""


class Listed(NamedTuple):
    """The module of a command, and its line in the list of commands."""

    module: str
    summary: str


COMMANDS = {
    "sites": Listed("sites", "List sites and their health; add or check one."),
    "crawl": Listed("crawling", "Fetch new and changed articles."),
    "fetch": Listed("fetching", "Fetch single pages now; print and store them."),
    "images": Listed("images", "Download images that are still missing."),
    "import": Listed("importing", "Import WARC, ARC and WACZ files and saved pages."),
    "search": Listed("reading", "Search the archive."),
    "show": Listed("reading", "Print an article as it is, or as it was."),
    "history": Listed("revisions", "List the revisions of an article."),
    "diff": Listed("revisions", "Show what changed between two revisions."),
    "edits": Listed("edits", "Find what newspapers no longer say."),
    "quotations": Listed("quotations", "Show who quoted whom."),
    "translations": Listed("translations", "Find Kazakh and Russian versions of articles."),
    "collocations": Listed("words", "Show the words that stand near a word."),
    "ngrams": Listed("words", "Count sequences of words, or words over time."),
    "keywords": Listed("words", "Show what words set some articles apart."),
    "reprints": Listed("reprints", "Show who reprinted whom, and what each changed."),
    "status": Listed("status", "Show last runs, counts, failures and coverage."),
    "export": Listed("exporting", "Export the archive, or part of it."),
    "cite": Listed("exporting", "Cite the archived version of an article."),
    "verify": Listed("verifying", "Report what became of a cited version."),
    "timemap": Listed("exporting", "List the captures of an article (Memento TimeMap)."),
    "sql": Listed("sql", "Query the archive in SQL."),
    "browse": Listed("exporting", "Open the reading room in a browser."),
    "notes": Listed("notes", "List, export and import your notes."),
    "reextract": Listed("reextracting", "Extract all kept pages again with this version."),
    "check": Listed("preserving", "Verify every byte of the archive."),
    "backup": Listed("preserving", "Back up the archive, also during a crawl."),
    "restore": Listed("preserving", "Restore a backup."),
    "stems": Listed("stems", "Rebuild the search index; learn a stem lexicon."),
    "forget": Listed("withholding", "Take an article down for good."),
    "embargo": Listed("withholding", "Hide an article until a given day."),
    "notify": Listed("notifying", "Notify people about alerts and news."),
    "schedule": Listed("scheduling", "Print a crontab line and a systemd timer."),
    "collection": Listed("collection.making", "Make a collection; split or merge archives."),
    "demo": Listed("demo", "Crawl the bundled sample newspaper."),
}
"""The commands in the order in which people need them; each module is loaded only when its command is called."""


class Place(click.Path):
    """The folder of an archive or collection, or the address of a collection elsewhere."""

    name = "directory"

    def __init__(self) -> None:
        super().__init__(file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if "://" in str(value) else super().convert(value, param, ctx)


def is_of_collection(place: str) -> bool:
    """True if a place is that of a collection; see `newsarchive.collection.is_collection`, which loads much more."""
    return "://" in place or os.path.isfile(os.path.join(place, "collection.toml"))


class Commands(click.Group):
    """The commands by name, in the order in which people need them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.summary) for name, listed in COMMANDS.items()])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def invoke(self, ctx: click.Context) -> NoReturn:
        """Run a command and exit, with 1 if it skipped a broken profile or its progress bar failed."""
        code: str | int | None = 0
        try:
            super().invoke(ctx)
            sys.stdout and sys.stdout.flush()
        except SystemExit as end:
            code = end.code
        except BrokenPipeError:
            _end_for_closed_pipe()
        gc.freeze()  # else all that was loaded is looked through once more at the end: a sixth of the time of a fetch
        sys.exit(code or (1 if ctx.obj.broken or ctx.obj.faults else 0))

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the command line; `--help` prints here."""
        try:
            return super().make_context(*args, **kwargs)
        except BrokenPipeError:
            _end_for_closed_pipe()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        of_collection = is_of_collection(ctx.params["folder"])
        if not of_collection:
            _begin_loading(args[0])
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and of_collection:
            from newsarchive.cli.collection.dispatching import on_collection

            command = on_collection(command, args[0])
        elif ctx.params["cluster"] and args[0] != "collection":
            raise click.UsageError("--cluster works on a collection; --archive names none.")
        return name, command, rest

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from newsarchive.workers.lean_imports import load_program

        module = load_program(f"newsarchive.cli.{COMMANDS[cmd_name].module}")
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = getattr(module, name)
        return command


def _begin_loading(command: str) -> None:
    """Let the workers of a command that extracts load what they need while this process loads the rest of it."""
    if command == "fetch":
        from newsarchive.workers.starting import fork_extractor

        fork_extractor()
    elif command in ("crawl", "import"):
        from newsarchive.workers.starting import EXTRACTING, start_early

        start_early(EXTRACTING)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="newsarchive")
@click.option(
    "--archive",
    "folder",
    type=Place(),
    default="data",
    envvar="NEWSARCHIVE_DATA",
    show_default=True,
    help="The archive's folder, or a collection's folder or s3://BUCKET/PREFIX; also NEWSARCHIVE_DATA.",
)
@click.option(
    "--cluster",
    default="",
    envvar="NEWSARCHIVE_CLUSTER",
    metavar="N|ADDRESS|FILE",
    help="Work on a collection with N local workers, or on a Dask cluster; also NEWSARCHIVE_CLUSTER.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only alerts.")
@click.option("-v", "--verbose", count=True, help="Print more; -vv prints everything.")
@click.pass_context
def cli(context: click.Context, folder: str, cluster: str, quiet: bool, verbose: int) -> None:
    """Keep a newspaper: crawl it politely, keep its pages, extract its articles, notice every edit and deletion."""
    # imported here: worker processes import this module too, and need none of it
    from newsarchive.cli.terminal import Archive, set_up_logging

    if os.environ.get(PERMISSION):
        watch_permission()
    context.obj = Archive(folder=Path(folder), address=folder, cluster=cluster, quiet=quiet, verbose=verbose)
    set_up_logging(quiet=quiet, verbose=verbose)


def watch_permission() -> None:
    """End this process when the worker that started it dies or loses the newspaper's lease."""
    from newsarchive.crawling.permission import given_permission

    permission = given_permission()
    if permission is not None:
        permission.watch()


def main() -> None:
    """Run the command line; each expected error is one sentence with its own exit code."""
    try:
        cli()
    except Exception as error:
        _explain(error)
        raise


def _explain(error: Exception) -> None:
    """Exit with a sentence and the code of an expected error; return on any other."""
    from newsarchive.configuration import ConfigurationError
    from newsarchive.database import AddressError, ArchiveError, ArchiveLocked
    from newsarchive.export.files import ExportError
    from newsarchive.sites import ProfileError

    match error:
        case ArchiveLocked():
            _end(str(error), LOCKED)
        case ProfileError() | AddressError():
            _end(str(error), 2)
        case ConfigurationError():
            _end(f"{error}.", 2)
        case ArchiveError() | ExportError():
            _end(str(error), 1)
        case sqlite3.Error():
            _end(f"The archive cannot be used: {error}.", 1)
        case OSError():
            _end(f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}.", 1)


def _end_for_closed_pipe() -> NoReturn:
    """End without a word, as other programs do when the reader (`head`) has what it wanted."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):  # what is left in their buffers would be a failure again
        os.dup2(nowhere, number)
    sys.exit(PIPE_CLOSED)


def _end(sentence: str, code: int) -> None:
    click.echo(f"newsarchive: {sentence}", err=True)
    sys.exit(code)
