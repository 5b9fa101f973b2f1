"""Commands on a collection: each is the ordinary command, with another thing to do when it is called."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import click

from newsarchive.cli.collection.calls import Call
from newsarchive.cli.collection.keeping import HANDLERS as KEEPING
from newsarchive.cli.collection.looking import HANDLERS as LOOKING
from newsarchive.cli.collection.writing import HANDLERS as WRITING
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection

READING = (
    "search", "show", "history", "diff", "edits", "quotations", "translations", "collocations", "ngrams", "keywords",
    "export", "cite", "verify", "timemap", "sql", "browse",
)  # fmt: skip
"""The commands that read several archives as one themselves."""
APART = ("collection", "demo", "stems learn")
"""The commands that need no archive."""
HANDLERS = {**WRITING, **KEEPING, **LOOKING}


def on_collection(command: click.Command, words: str) -> click.Command:
    """Return a command that does on a collection what `command` does on an archive; `words` are its name."""
    if words in READING or words in APART:
        return command
    changed = copy.copy(command)
    if isinstance(changed, click.Group):
        changed.commands = {name: on_collection(sub, f"{words} {name}") for name, sub in changed.commands.items()}
    if not isinstance(changed, click.Group) or changed.invoke_without_command:
        changed.callback = click.pass_context(_called(words, command.callback))
    return changed


def _called(words: str, original: Callable[..., Any] | None) -> Any:
    def called(context: click.Context, /, **params: Any) -> None:
        if context.invoked_subcommand is not None:
            return
        archive: Archive = context.find_root().obj
        handler = HANDLERS.get(words)
        if handler is None:
            archive.warn(
                f"{words} works on one archive, not on a collection: restore the backup of a shard, or merge the"
                " collection into an archive (docs/collections.md)."
            )
            sys.exit(2)
        sys.exit(handler(Call(archive, Collection.open(archive.address), context, words, params, original)))

    return called
