"""A command as it was called on a collection, and its tasks: run side by side, reported shard by shard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import click
from sqlite_utils import Database

from newsarchive.cli import LOCKED
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection, Shard
from newsarchive.collection.cluster import Cluster, open_cluster
from newsarchive.collection.running import TaskEnded, run_tasks
from newsarchive.collection.scratch import scratch_folder
from newsarchive.collection.tasks import ShardTask, Work
from newsarchive.database import read_archive
from newsarchive.sites import Profiles, load_profiles
from newsarchive.text.counting import counted

SAID = "newsarchive: "
"""What every alert on standard error begins with."""


@dataclass
class Call:
    """A command as it was called on a collection."""

    archive: Archive
    collection: Collection
    context: click.Context
    words: str
    """The command's name, such as `sites add`."""
    params: dict[str, Any]
    original: Callable[..., Any] | None = None
    """What the command does on an archive."""

    @cached_property
    def shards(self) -> dict[str, Shard]:
        """The shards by name."""
        return {shard.name: shard for shard in self.collection.shards()}

    @cached_property
    def profiles(self) -> Profiles:
        """The profiles of all shards, and the packaged ones."""
        folders = [folder / "sites" for shard in self.shards.values() if (folder := shard.open_latest())]
        own = self.collection.store.local("sites")
        return load_profiles(*folders, *([own] if own else []))

    def named(self, names: Iterable[str]) -> list[str]:
        """Return shards by the names of their sites, or all. Raises UsageError for a name that is not known."""
        chosen = list(dict.fromkeys(names))
        for name in chosen:
            if name not in self.shards:
                known = ", ".join(self.shards) or "none"
                raise click.UsageError(f"Unknown site “{name}”; sites of this collection: {known}.")
        return chosen or list(self.shards)

    def options(self, *without: str) -> tuple[str, ...]:
        """Return the options that were given, as words of a command line."""
        words: list[str] = []
        for param in self.context.command.params:
            value = self.params.get(param.name or "")
            given = self.context.get_parameter_source(param.name or "")
            if not isinstance(param, click.Option) or param.name in without or given is None or given.name == "DEFAULT":
                continue
            words += _words(param, value)
        return tuple(words)

    def task(self, shard: str, *arguments: str, without: Sequence[str] = (), **more: Any) -> ShardTask:
        """Return the task of this command on one shard, with the options that were given."""
        general = ["--quiet"] * self.archive.quiet + ["-v"] * self.archive.verbose
        words = (*self.words.split(), *self.options(*without), *(["--"] if arguments else []), *arguments)
        return ShardTask(shard=shard, command=words, options=tuple(general), **more)

    @contextmanager
    def open(self, shard: Shard) -> Iterator[Database | None]:
        """Open a shard for reading; None before its first generation."""
        folder = shard.open_latest()
        if folder is None:
            yield None
            return
        with closing(read_archive(folder)) as db:
            yield db


@dataclass
class Tasks:
    """Tasks that are run for a call, and how they ended."""

    call: Call
    side_by_side: int = 1
    plain: bool = False
    """True if what the commands print is printed as it is, without the name of the shard."""
    work: Work | None = None
    codes: list[int] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def run(self, tasks: Sequence[ShardTask]) -> int:
        """Run tasks, and report each when it has ended; return the exit code of all together."""
        archive = self.call.archive
        with self._cluster(len(tasks)) as cluster, progress_bar(archive) as bar:
            running = run_tasks(
                self.call.collection, tasks, cluster=cluster, side_by_side=self.side_by_side, work=self.work
            )
            try:
                bar.show(self.call.words, 0, len(tasks))
                for number, ended in enumerate(running, 1):
                    self._report(ended)
                    bar.show(self.call.words, number, len(tasks))
            except KeyboardInterrupt:
                archive.warn("Interrupted. What was done is kept.")
                self.codes.append(1)
        if self.call.params.get("as_json"):
            click.echo(json.dumps(self.answers, ensure_ascii=False, indent=2))
        return combined(self.codes)

    @contextmanager
    def _cluster(self, tasks: int) -> Iterator[Cluster | None]:
        """Yield the cluster that was asked for, if there is anything to do on it."""
        archive = self.call.archive
        if not archive.cluster or self.work is not None or not tasks:
            yield None
            return
        with open_cluster(archive.cluster, scratch_folder(self.call.collection.address)) as cluster:
            archive.say(f"{counted(tasks, 'task')} for {counted(cluster.workers, 'worker')}; see {cluster.dashboard}")
            yield cluster

    def _report(self, ended: TaskEnded) -> None:
        archive, shard = self.call.archive, ended.task.task.shard
        for line in ended.result.messages if ended.result else ():
            said = line.removeprefix(SAID)
            (archive.warn if line.startswith(SAID) else archive.say)(_about(shard, said))
        if ended.result:
            self._print(shard, ended.result.output)
        if ended.failure:
            archive.warn(_about(shard, ended.failure if ended.failure.endswith(".") else f"{ended.failure}."))
        if ended.busy:
            self.codes.append(LOCKED)
        elif ended.failure or ended.stopped or ended.result is None:
            self.codes.append(1)
        else:
            self.codes.append(ended.result.code)

    def _print(self, shard: str, output: str) -> None:
        if self.call.params.get("as_json") and not self.plain:
            self._gather(shard, output)
            return
        for line in output.splitlines():
            click.echo(line if self.plain or not line else _about(shard, line))

    def _gather(self, shard: str, output: str) -> None:
        try:
            answer = json.loads(output)
        except ValueError:
            return  # it said on standard error why there is none
        if isinstance(answer, list):
            self.answers += answer
        else:
            self.answers.append({"shard": shard, **answer})


def _words(option: click.Option, value: Any) -> list[str]:
    """Return an option with its value as words of a command line.

    >>> _words(click.Option(["-s", "--set"], multiple=True), ("A=1", "B=2"))
    ['--set=A=1', '--set=B=2']
    """
    if option.is_flag:
        return [option.opts[0]] if value else option.secondary_opts[:1]
    values: Iterable[Any] = value if option.multiple else [value]
    return [f"{option.opts[-1]}={one}" for one in values]


def with_option(task: ShardTask, option: str) -> ShardTask:
    """Return a task with one more option, before its arguments."""
    end = task.command.index("--")
    return replace(task, command=(*task.command[:end], option, *task.command[end:]))


def combined(codes: Sequence[int]) -> int:
    """Return the exit code of several: 75 only if nothing could be done, 1 if any needs a person.

    >>> combined([0, 0]), combined([0, 75]), combined([75, 75]), combined([2, 2]), combined([0, 2]), combined([])
    (0, 1, 75, 2, 1, 0)
    """
    kinds = set(codes)
    if len(kinds) == 1:
        return kinds.pop()
    return 1 if kinds else 0


def _about(shard: str, line: str) -> str:
    """Return a line that names the shard it is about.

    >>> _about("paper", "3 pages"), _about("paper", "paper: 3 pages")
    ('paper: 3 pages', 'paper: 3 pages')
    """
    return line if line.startswith(f"{shard}:") else f"{shard}: {line}"


Handler = Callable[[Call], int]
"""Does a command on a collection; returns the exit code."""
