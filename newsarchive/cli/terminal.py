"""What all commands share: the archive they work on, messages, and output as JSON."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from sqlite_utils import Database

from newsarchive.configuration import FILE, Configuration, ConfigurationError, read_configuration
from newsarchive.database import has_archive, open_archive, read_archive, settle_archive
from newsarchive.sites import ProfileError, Profiles, Site, load_profiles

if TYPE_CHECKING:
    from newsarchive.search import Reading

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
strict_option = click.option("--strict-tls", "strict", is_flag=True, help="Refuse hosts with an invalid certificate.")


def strict_settings(*, strict: bool) -> dict[str, Any]:
    """Return the settings of `strict_option`; without it, a profile may still require them."""
    return {"DOWNLOAD_VERIFY_CERTIFICATES": True} if strict else {}


@dataclass(kw_only=True)
class Archive:
    """The archive a command works on."""

    folder: Path
    address: str = ""
    """The place as it was given: a folder, or the address of a collection elsewhere."""
    cluster: str = ""
    """The cluster that works on a collection: a number of local workers, an address, or a scheduler file."""
    quiet: bool = False
    verbose: int = 0
    shared: Profiles | None = None
    """The profiles of all shards, for a command that looks at a collection."""
    broken: dict[str, ProfileError] = field(default_factory=dict)
    """The broken profiles that a command skipped; it exits with 1."""
    faults: list[str] = field(default_factory=list)
    """Failures apart from the work itself, such as of the progress bar: the command exits with 1."""

    @cached_property
    def configuration(self) -> Configuration:
        """The archive's configuration. Raises ConfigurationError (exit 2); reports a file that others can read."""
        settle_archive(self.folder, reading=True)
        configuration = read_configuration(self.folder)
        if configuration.exposed:
            path = self.folder / FILE
            self.fault(f"{path} has addresses that may hold passwords, and other users can read it: chmod 600 {path}")
        return configuration

    def name_broken_configuration(self) -> None:
        """Report an invalid configuration; commands that only show something go on."""
        try:
            self.require_configuration()
        except ConfigurationError as error:
            self.fault(f"{error}. Nothing is crawled until that is mended.")

    def require_configuration(self) -> None:
        """Raise ConfigurationError (exit 2) if the archive's configuration is invalid, before anything is done."""
        _ = self.configuration

    @property
    def sites(self) -> dict[str, Site]:
        """All usable site profiles by name, this archive's own and the packaged ones; broken ones are reported."""
        return self.name_broken_profiles()

    def name_broken_profiles(self) -> dict[str, Site]:
        """Report each broken profile once; return the others."""
        profiles = self._profiles()
        for name, error in profiles.broken.items():
            if name not in self.broken:
                self.warn(f"{error}. This site is skipped.")
        self.broken.update(profiles.broken)
        return profiles.sites

    def _profiles(self) -> Profiles:
        if self.shared is not None:
            return self.shared
        settle_archive(self.folder, reading=True)  # an interrupted restore leaves profiles of two archives
        return load_profiles(self.folder / "sites")

    def site(self, name: str) -> Site:
        """A profile by name. Raises UsageError for an unknown one, ProfileError for a broken one (both exit 2)."""
        profiles = self._profiles()
        if name in profiles.broken:
            raise profiles.broken[name]
        if name not in profiles.sites:
            raise click.UsageError(f"Unknown site “{name}”; known sites: {', '.join(profiles.sites)}.")
        return profiles.sites[name]

    def read(self) -> Database:
        """The database, for reading."""
        return read_archive(self.folder)

    def reading(self) -> Reading:
        """What commands that only read look at: the database, or the shards of a collection as one."""
        from newsarchive.collection import is_collection  # imported here: most commands need none of it
        from newsarchive.collection.reading import reader_of

        place = self.address or str(self.folder)
        return reader_of(place).current() if is_collection(place) else self.read()

    def say(self, sentence: str) -> None:
        """Print progress on stderr, unless quiet."""
        if not self.quiet:
            click.echo(sentence, err=True)

    def warn(self, sentence: str) -> None:
        """Print on stderr what a person must know, even if quiet."""
        click.echo(f"newsarchive: {sentence}", err=True)

    def fault(self, sentence: str) -> None:
        """Report a failure apart from the work itself, which goes on even if stderr cannot be written to."""
        if sentence in self.faults:
            return  # the bar of another part of the work failed in the same way
        self.faults.append(sentence)
        with suppress(OSError):
            self.warn(sentence)

    @property
    def on_terminal(self) -> bool:
        """True if a person watches and wants progress."""
        return not self.quiet and is_terminal(sys.stderr)


def announce(archive: Archive) -> None:
    """Create the archive if there is none, before any other file of it, and print where.

    Raises ArchiveError if its database is lost, ConfigurationError if its configuration is invalid.
    """
    archive.require_configuration()
    new = not has_archive(archive.folder)
    open_archive(archive.folder).close()
    if new:
        archive.say(f"A new archive in {archive.folder.absolute()}")


def parse_day(text: str, option: str) -> str:
    """Return a day given on the command line, checked. Raises UsageError."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise click.UsageError(f"{option} needs a day such as 2025-02-18, not “{text}”.") from error


def is_terminal(stream: TextIO | None) -> bool:
    """Return True if a person reads the stream; a closed one (`>&-`) is None."""
    return stream is not None and stream.isatty()


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to the present stderr: above a progress bar while there is one."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def set_up_logging(*, quiet: bool, verbose: int) -> None:
    """Log plain lines to stderr; those of Scrapy and other libraries only with `-vv`."""
    ours = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    theirs = logging.INFO if verbose > 1 else logging.CRITICAL

    def is_shown(record: logging.LogRecord) -> bool:
        return record.levelno >= (ours if record.name.startswith("newsarchive") else theirs)

    logging.basicConfig(level=logging.DEBUG, format="%(message)s", handlers=[StderrHandler()], force=True)
    logging.getLogger().handlers[0].addFilter(is_shown)
    for name in ("", "twisted", "trafilatura", "asyncio", "py.warnings"):
        logging.getLogger(name).setLevel(min(theirs, logging.INFO) if verbose > 1 else logging.WARNING)
    logging.getLogger("newsarchive").setLevel(ours)


def print_json(value: Any) -> None:
    """Print a value as JSON, without escaping letters."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
