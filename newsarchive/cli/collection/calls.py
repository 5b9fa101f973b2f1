"""A command as it was called on a collection, and its tasks: run side by side, reported shard by shard."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FrameType
from typing import Any

import click
from sqlite_utils import Database

from newsarchive.cli import LOCKED
from newsarchive.cli.terminal import Archive
from newsarchive.collection import Collection, CollectionError, Shard, ShardBusy
from newsarchive.collection.tasks import ShardTask, TaskResult, Work, run_task
from newsarchive.database import read_archive
from newsarchive.sites import Profiles, load_profiles

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
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, tasks: Sequence[ShardTask]) -> int:
        """Run tasks, and report each when it has ended; return the exit code of all together."""
        with _interrupting(self._stop), ThreadPoolExecutor(max(1, self.side_by_side)) as pool:
            waiting: dict[Future[TaskResult], ShardTask] = {pool.submit(self._run, task): task for task in tasks}
            while waiting:
                ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._report(waiting.pop(future), future)
        if self._stop.is_set():
            self.call.archive.warn("Interrupted. What was done is kept.")
            self.codes.append(1)
        if self.call.params.get("as_json"):
            click.echo(json.dumps(self.answers, ensure_ascii=False, indent=2))
        return combined(self.codes)

    def _run(self, task: ShardTask) -> TaskResult:
        """Do a task; one that ends because it published what it had in time is continued."""
        done = TaskResult(shard=task.shard)
        while not self._stop.is_set():
            result = run_task(self.call.collection, task, work=self.work, is_stopped=self._stop.is_set)
            result.output = done.output + result.output
            result.messages = done.messages + result.messages
            if not result.unfinished or result.died or result.generation is None:
                return result
            done = result
        return done

    def _report(self, task: ShardTask, future: Future[TaskResult]) -> None:
        archive = self.call.archive
        try:
            result = future.result()
        except ShardBusy as error:
            archive.warn(_about(task.shard, str(error)))
            self.codes.append(LOCKED)
            return
        except CollectionError as error:
            archive.warn(_about(task.shard, str(error)))
            self.codes.append(1)
            return
        self.codes.append(result.code)
        for line in result.messages:
            said = line.removeprefix(SAID)
            (archive.warn if line.startswith(SAID) else archive.say)(_about(task.shard, said))
        self._print(task, result.output)

    def _print(self, task: ShardTask, output: str) -> None:
        if self.call.params.get("as_json") and not self.plain:
            self._gather(task, output)
            return
        for line in output.splitlines():
            click.echo(line if self.plain or not line else _about(task.shard, line))

    def _gather(self, task: ShardTask, output: str) -> None:
        try:
            answer = json.loads(output)
        except ValueError:
            return  # it said on standard error why there is none
        if isinstance(answer, list):
            self.answers += answer
        else:
            self.answers.append({"shard": task.shard, **answer})


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


@contextmanager
def _interrupting(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at Ctrl-C or SIGTERM: tasks end in order and publish what they did."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


Handler = Callable[[Call], int]
"""Does a command on a collection; returns the exit code."""
