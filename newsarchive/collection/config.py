"""The configuration of a collection, `collection.toml`: how long generations are kept and tasks and leases last."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from newsarchive.configuration import ConfigurationError, Table, place_of_error

FILE = "collection.toml"
FORMAT = 1
NEW = f"""\
# A collection of archives, one per newspaper: see docs/collections.md of newsarchive.
format = {FORMAT}

[generations]
keep = 2       # the newest generations of each shard that are always kept
minutes = 10   # older ones are kept this long after a newer one was published, for those who still read them

[tasks]
minutes = 30   # a task that takes longer publishes what it has done so far, and goes on with that

[leases]
seconds = 60   # after so many seconds without a sign of life, another worker takes the shard of one that died
"""


@dataclass(frozen=True, kw_only=True)
class CollectionConfiguration:
    """What a collection's `collection.toml` says."""

    keep: int = 2
    """The newest generations of a shard that are always kept."""
    minutes: int = 10
    """For so long older ones are kept after they were superseded."""
    task_minutes: int = 30
    """A task ends in order after so long, publishes what it has, and is continued by another."""
    lease_seconds: int = 60
    """How long a lease lasts without renewal."""


def parse_configuration(data: bytes, where: str) -> CollectionConfiguration:
    """Read a `collection.toml`. Raises ConfigurationError, which names the file and the key."""
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ConfigurationError(f"{where}: not valid TOML: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where}: not valid TOML{place_of_error(str(error))}") from None
    except ValueError:  # not UTF-8, or a number with thousands of digits
        raise ConfigurationError(f"{where}: not valid TOML: it must be UTF-8 text with ordinary numbers") from None
    table = Table(values, where=where, name="")
    version = table.number("format", least=1, most=1 << 30)
    generations, tasks, leases = (table.table(name) for name in ("generations", "tasks", "leases"))
    table.end()
    if version is None:
        raise table.error("format must be given: format = 1")
    if version > FORMAT:
        raise table.error(f"format {version} is of a newer version of newsarchive; update newsarchive")
    keep = generations.number("keep", least=1, most=1000)
    minutes = generations.number("minutes", least=0, most=525600)
    task_minutes = tasks.number("minutes", least=1, most=525600)
    seconds = leases.number("seconds", least=2, most=86400)
    for part in (generations, tasks, leases):
        part.end()
    usual = CollectionConfiguration()
    return CollectionConfiguration(
        keep=usual.keep if keep is None else keep,
        minutes=usual.minutes if minutes is None else minutes,
        task_minutes=usual.task_minutes if task_minutes is None else task_minutes,
        lease_seconds=usual.lease_seconds if seconds is None else seconds,
    )
