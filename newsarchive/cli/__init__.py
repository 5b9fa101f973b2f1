"""The command line: newsarchive crawl | fetch | search | show | status | ..."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import click

from newsarchive import __version__
from newsarchive.cli import crawling, fetching, reading, sites
from newsarchive.cli.terminal import Archive, set_up_logging
from newsarchive.database import ArchiveError, ArchiveLocked
from newsarchive.sites import ProfileError

LOCKED = 75


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="newsarchive")
@click.option(
    "--archive",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="data",
    envvar="NEWSARCHIVE_DATA",
    show_default=True,
    help="The archive's folder; also NEWSARCHIVE_DATA.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what needs a person.")
@click.option("-v", "--verbose", count=True, help="Say more; twice: say all.")
@click.pass_context
def cli(context: click.Context, folder: Path, quiet: bool, verbose: int) -> None:  # noqa: FBT001
    """Keep a newspaper: crawl it politely, keep its pages, extract its articles, notice every edit and deletion."""
    context.obj = Archive(folder=folder, quiet=quiet)
    set_up_logging(quiet=quiet, verbose=verbose)


for command in (*sites.COMMANDS, *crawling.COMMANDS, *fetching.COMMANDS, *reading.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every expected error is one sentence and an exit code of its own."""
    try:
        cli()
    except ArchiveLocked as error:
        _say(str(error))
        sys.exit(LOCKED)
    except ProfileError as error:
        _say(str(error))
        sys.exit(2)
    except ArchiveError as error:
        _say(str(error))
        sys.exit(1)
    except sqlite3.OperationalError as error:
        _say(f"The archive cannot be used: {error}.")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _say(sentence: str) -> None:
    click.echo(f"newsarchive: {sentence}", err=True)
