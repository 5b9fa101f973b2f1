"""Tasks on a Dask cluster: worker processes of this machine, or a cluster that runs; the only user of `distributed`.

Nothing is kept in the cluster: what was finished stands in the generations of the shards, so a cluster may end at any
time, and the next command goes on from there.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import uuid4

from newsarchive.collection.errors import CollectionError, ShardBusy
from newsarchive.database import AddressError

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 15
"""Seconds in which a running cluster must answer."""
STEP = 0.2
"""Seconds between two looks at whether the work is stopped."""
MOST_WORKERS = 1000

R = TypeVar("R")


class Keyed(Protocol):
    """A task: `key` is the same for the same work, and begins with its kind."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


class ClusterError(CollectionError):
    """The cluster cannot be used; the message is written for the user."""


class NoCluster(ClusterError, AddressError):
    """What was given names no cluster."""


@dataclass(frozen=True)
class Ended(Generic[T, R]):
    """How a task ended: with a result, or with why there is none."""

    task: T
    result: R | None = None
    failure: str = ""
    stopped: bool = False
    """It was not finished because the person or the cluster ended the work; the next run does it."""
    busy: bool = False
    """Another worker holds what it works on; nothing was done."""


class Cluster:
    """A cluster that this process is a client of."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def dashboard(self) -> str:
        """The address of Dask's page on what its workers do."""
        return str(self._client.dashboard_link)

    @property
    def workers(self) -> int:
        """The number of tasks that run at the same time now."""
        return sum(self._client.nthreads().values())

    def run(
        self,
        work: Callable[..., R],
        tasks: Sequence[T],
        *,
        stopped: threading.Event,
        continued: Callable[[Ended[T, R]], T | None] = lambda _ended: None,
    ) -> Iterator[Ended[T, R]]:
        """Do tasks in the workers, and yield how each ended, in the order in which they end.

        `work(task, is_stopped=...)` does one task; it must be importable where the workers are, and asks `is_stopped`
        now and then whether to end in order. Where `continued` returns a task, that one is done in place of a result. A
        task whose workers die, one after the other (Dask's setting `allowed-failures`), is given up. Once `stopped` is
        set, those under way are asked to end, and those that wait are not begun.
        """
        from distributed import Event, as_completed

        event = Event(f"newsarchive-stop-{uuid4().hex}", client=self._client)
        by_key = {task.key: task for task in tasks}
        futures = [self._submit(work, task, event.name) for task in by_key.values()]
        over = threading.Event()
        threading.Thread(target=_pass_on, args=(stopped, event, over), name="stopping", daemon=True).start()
        try:
            completed = as_completed(futures, loop=self._client.loop)
            for future in completed:
                ended: Ended[T, R] = _outcome(by_key[str(future.key)], future)
                further = None if stopped.is_set() else continued(ended)
                if further is None:
                    yield ended
                    continue
                by_key[further.key] = further
                futures.append(self._submit(work, further, event.name))
                completed.add(futures[-1])
        finally:
            over.set()
            with suppress(Exception):  # the scheduler may be gone
                event.set()
                self._client.cancel([future for future in futures if not future.done()], asynchronous=False)

    def _submit(self, work: Callable[..., R], task: T, stop: str) -> Future[R]:
        return self._client.submit(_do, work, task, stop, key=task.key, pure=False)


def _pass_on(stopped: threading.Event, event: Any, over: threading.Event) -> None:
    """Tell the workers once the work is stopped."""
    while not over.is_set():
        if stopped.wait(STEP):
            with suppress(Exception):  # the scheduler may be gone
                event.set()
            return


def _do(work: Callable[..., Any], task: Keyed, stop: str) -> Any:
    """Do a task, in a worker; None if it was not begun because the work was stopped."""
    from distributed import Event, get_worker

    event = Event(stop, client=get_worker().client)
    if event.is_set():
        return None
    return work(task, is_stopped=event.is_set)


def _outcome(task: T, future: Future[R]) -> Ended[T, R]:
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        return Ended(task, failure="the cluster ended before it was done; the next run does it", stopped=True)
    error = future.exception()
    if isinstance(error, KilledWorker):
        times = error.allowed_failures + 1
        return Ended(task, failure=f"its worker died, {times} times in {times} tries; it is put aside")
    if isinstance(error, CollectionError):
        return Ended(task, failure=str(error), busy=isinstance(error, ShardBusy))
    if error is not None:
        return Ended(task, failure=f"{type(error).__name__}: {error}")
    result = future.result()
    return Ended(task, result=result, stopped=result is None)


@contextmanager
def open_cluster(where: str, folder: Path) -> Iterator[Cluster]:
    """Yield the cluster that is named: a number of local worker processes, an address, or a scheduler file.

    Local workers keep what they need in `folder`, and end with the block. Raises ClusterError with a sentence if the
    extra is missing or nobody answers, NoCluster if none is named.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise ClusterError(
            f"A cluster needs Dask, which is not installed ({error}): pip install 'newsarchive[cluster]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if where.isdigit():
        with _local(int(where), folder) as client:
            yield Cluster(client)
        return
    try:
        client = _connect(where)
    except NoCluster:
        raise
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(f"No cluster answers at {where}: {error or type(error).__name__}.") from error
    try:
        yield Cluster(client)
    finally:
        with suppress(Exception):
            client.close(timeout=PATIENCE)


def _connect(where: str) -> Client:
    from distributed import Client

    if "://" in where:
        return Client(where, timeout=PATIENCE, set_as_default=False)
    if not Path(where).is_file():
        raise NoCluster(
            f"“{where}” is no cluster: give a number of local workers, an address such as tcp://host:8786, or the file"
            " of a scheduler."
        )
    return Client(scheduler_file=where, timeout=PATIENCE, set_as_default=False)


@contextmanager
def _local(workers: int, folder: Path) -> Iterator[Client]:
    from distributed import Client, LocalCluster

    if not 1 <= workers <= MOST_WORKERS:
        raise NoCluster(f"--cluster takes 1 to {MOST_WORKERS} local workers.")
    try:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,  # the work is done in child processes, which it does not see
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise ClusterError(f"The local workers cannot be started: {error.__cause__ or error}") from error
    with cluster, Client(cluster, set_as_default=False) as client:
        client.register_plugin(_ignoring_interrupts())
        yield client


def _ignoring_interrupts() -> Any:
    from distributed import WorkerPlugin

    class IgnoreInterrupts(WorkerPlugin):
        """Leaves Ctrl-C on the terminal to the client, which ends the tasks in order."""

        def setup(self, worker: Any) -> None:
            with suppress(ValueError):  # only the main thread may
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    return IgnoreInterrupts()
