"""Tasks on shards: restore the present generation to this worker's disk, work on it, publish the next one."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsarchive.collection.cleaning import clean_generations
from newsarchive.collection.copies import bring, delete_superseded, reading_copies, reading_copy
from newsarchive.collection.errors import CollectionError, LeaseLost
from newsarchive.collection.generations import Generation
from newsarchive.collection.leases import FOLDER as LEASES
from newsarchive.collection.leases import Lease, take_lease
from newsarchive.collection.publishing import Publication, bar_former_holder, is_changed
from newsarchive.collection.scratch import work_folder
from newsarchive.collection.shards import Collection, Shard
from newsarchive.configuration import FILE, OWNER_ONLY
from newsarchive.crawling.permission import VARIABLE, Permission
from newsarchive.database.disk import write_whole

RESUMABLE = ("crawl", "images", "import", "reextract")
"""The commands that go on where they were ended: they are ended after the minutes that a task may take."""
ASKING = ("crawl", "fetch", "images", "sites")
"""The commands that request pages from a newspaper."""
STEP = 0.5
"""Seconds between two looks at whether a task is to end."""
PATIENCE = 60.0
"""Seconds that a child has to end in order after Ctrl-C."""


@dataclass(frozen=True, kw_only=True)
class ShardTask:
    """One whole piece of work: a command on the archive of one newspaper."""

    shard: str
    command: tuple[str, ...]
    """The command line after `--archive FOLDER`."""
    key: str = ""
    """Shard and digest of the input, for a crawl also when it was due; a task that was published is not done again."""
    options: tuple[str, ...] = ()
    """Options before the command, such as --quiet."""
    keeps: bool = True
    """False for a task that only looks: nothing is published."""

    @property
    def asks(self) -> bool:
        """True if it requests pages of the newspaper."""
        return self.command[0] in ASKING


@dataclass(kw_only=True)
class TaskResult:
    """How a task ended."""

    shard: str
    key: str = ""
    code: int = 0
    """The exit code of its command."""
    output: str = ""
    messages: list[str] = field(default_factory=list)
    """What the command said on standard error, line by line, and what else a person must know."""
    generation: int | None = None
    """The number of the generation it published; None if nothing changed."""
    unfinished: bool = False
    """True if it was stopped, died, or took longer than a task may: what it has done is published, and it can go on."""
    died: str = ""
    """The signal that ended the process of its command, if one did."""
    done_before: bool = False
    """True if a task of this key was published before; then nothing was done."""


Work = Callable[[ShardTask, Path, "Held"], TaskResult]
"""Does a task on an archive in a folder of this worker."""


@dataclass(kw_only=True)
class Held:
    """What a task holds while it works."""

    lease: Lease
    folder: Path
    """This task's own folder; the archive is in it."""
    is_stopped: Callable[[], bool] = lambda: False
    """Asked now and then whether to end in order."""
    until: float = math.inf
    """When the work is to end in order, by the clock that only goes forward."""


def run_task(
    collection: Collection,
    task: ShardTask,
    *,
    work: Work | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> TaskResult:
    """Do a task under the shard's lease, and publish the result if anything changed.

    It is asked now and then `is_stopped`; then, and after the minutes that a task may take, it ends in order, and its
    result is `unfinished`.

    Raises ShardBusy if another worker holds the lease, LeaseLost if it was lost meanwhile, CollectionError if the
    shard cannot be read or published. A task may be repeated, and killed at any moment: until the new generation is
    there, the previous one is the present one.
    """
    shard = collection.shard(task.shard)
    seconds = collection.configuration.lease_seconds
    taken = take_lease(shard.store, f"{shard.place}/{LEASES}", seconds, name=shard.name)
    asked = False
    try:
        with work_folder(collection.address, shard.name) as folder:
            minutes = collection.configuration.task_minutes if task.command[0] in RESUMABLE else math.inf
            until = time.monotonic() + 60 * minutes
            held = Held(lease=taken.lease, folder=folder, is_stopped=is_stopped, until=until)
            if taken.unreleased:
                bar_former_holder(shard.store, shard.generations, taken.lease.fence)
            clean_shard(shard, taken.lease.check)
            before = shard.latest()
            if task.key and before is not None and task.key in before.record.tasks:
                return TaskResult(shard=shard.name, key=task.key, done_before=True)
            _restore(shard, before, folder / "archive")
            asked = task.asks
            result = (work or run_in_child)(task, folder / "archive", held)
            if task.keeps:
                _publish(shard, task, before, held, result)
            return result
    except OSError as error:
        raise CollectionError(
            f"{shard.name}: nothing was published: {f'{error.filename}: ' if error.filename else ''}"
            f"{error.strerror or error}."
        ) from error
    finally:
        taken.lease.release(asked=asked)


def clean_shard(shard: Shard, check: Callable[[], None]) -> None:
    """Delete the generations of a shard that nobody needs, in the store and on this worker's disk."""
    clean_generations(shard.store, shard.generations, shard.collection.configuration, check)
    copies = reading_copies(shard.collection.address, shard.name)
    if copies.exists():
        delete_superseded(copies, shard.store, shard.generations)


def _restore(shard: Shard, before: Generation | None, archive: Path) -> None:
    archive.mkdir()
    if before is not None:
        older = None
        if shard.store.local(before.folder) is None:
            older = reading_copy(shard.collection.address, shard.name, shard.store, before)
        bring(shard.store, before, archive, before=older)
    for name in (FILE, f"sites/{shard.name}.toml"):  # what people write for the collection comes before what it had
        with suppress(FileNotFoundError):
            data = shard.store.read(name)
            (archive / name).parent.mkdir(exist_ok=True)
            write_whole(archive / name, data)
            (archive / name).chmod(OWNER_ONLY)


def _publish(shard: Shard, task: ShardTask, before: Generation | None, held: Held, result: TaskResult) -> None:
    archive = held.folder / "archive"
    held.lease.check()
    if not is_changed(archive, before):
        return
    publication = Publication(
        store=shard.store,
        place=shard.generations,
        archive=archive,
        before=before,
        fence=held.lease.fence,
        task="" if result.unfinished or result.code not in (0, 1) else task.key,
        check=held.lease.check,
    )
    result.generation = publication.publish().record.number
    if publication.problems:
        result.messages += publication.problems
        result.code = max(result.code, 1)
    clean_shard(shard, held.lease.check)


def run_in_child(task: ShardTask, archive: Path, held: Held) -> TaskResult:
    """Run the command in a child process, which ends when this process dies or loses the lease.

    A site is asked only once its delay has passed after the last request of whoever asked it before.
    """
    permission_file = held.folder / "permission.json"
    permission = Permission(permission_file)
    with _permitted(permission, held), open(held.folder / "stderr", "w+b") as errors:
        if task.asks:
            _wait_for_site(held)
        child = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "newsarchive", "--archive", str(archive), *task.options, *task.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(permission_file),
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the child in order
        )
        held.lease.lost = lambda: _kill(child)
        try:
            output, unfinished = _await(child, held)
        except BaseException:
            _end(child)
            raise
        errors.seek(0)
        messages = errors.read().decode("utf-8", "replace").splitlines()
    held.lease.check()
    text = output.decode("utf-8", "replace").replace(str(archive), f"shard {task.shard}")
    result = TaskResult(shard=task.shard, key=task.key, code=child.returncode, output=text)
    result.messages = [line.replace(str(archive), f"shard {task.shard}") for line in messages]
    result.unfinished = unfinished or child.returncode < 0
    if child.returncode < 0:
        result.code = 1
        result.died = signal.Signals(-child.returncode).name
        result.messages.append(f"The process was ended by {result.died}; what it had done is kept.")
    return result


def _await(child: subprocess.Popen[bytes], held: Held) -> tuple[bytes, bool]:
    """Return the child's output, and whether it was told to end before it was done."""
    while True:
        try:
            return child.communicate(timeout=STEP)[0], False
        except subprocess.TimeoutExpired:
            if time.monotonic() >= held.until or held.is_stopped():
                break
    return _end(child), True


@contextmanager
def _permitted(permission: Permission, held: Held) -> Iterator[None]:
    """Permit a child to ask the site for as long as the lease holds."""
    held.lease.renewed = permission.renew
    held.lease.delay_of = permission.delay
    permission.renew(held.lease.until)
    try:
        yield
    finally:
        held.lease.renewed = lambda _until: None
        held.lease.lost = lambda: None
        delay = permission.delay()
        held.lease.delay_of = lambda: delay


def _wait_for_site(held: Held) -> None:
    while (seconds := held.lease.site_free - time.time()) > 0:
        held.lease.check()
        time.sleep(min(seconds, 1.0))


def _environment(permission: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), VARIABLE: str(permission)}


def _end(child: subprocess.Popen[bytes]) -> bytes:
    """End a child in order, as after Ctrl-C; return its output."""
    child.send_signal(signal.SIGINT)
    try:
        return child.communicate(timeout=PATIENCE)[0]
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _kill(child)
        return child.communicate()[0]


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


__all__ = ["Held", "LeaseLost", "ShardTask", "TaskResult", "Work", "run_in_child", "run_task"]
