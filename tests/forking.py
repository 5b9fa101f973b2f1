"""A process with the whole program loaded, which forks one process for each command that a test runs.

Loading the program takes a second of processor time and its workers another; a test suite of a thousand commands does
little else. A command that is forked begins at once and is a process of its own in all else: environment, outputs,
signals, terminal, exit code. Tests of starts and kills start the program itself, and some of each other kind do.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import inspect
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from typing import Any, TextIO

Done = subprocess.CompletedProcess[str]


class Forked:
    """A command that was forked, with as much of what subprocess.Popen has as tests need."""

    def __init__(self, line: socket.socket, *outputs: TextIO) -> None:
        self._line, self._outputs = line, outputs
        self.pid = self._number()
        self.returncode: int | None = None
        self._readers: list[threading.Thread] = []
        self._read: dict[TextIO, str] = {}

    @property
    def stderr(self) -> TextIO:
        return self._outputs[1]

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(timeout=0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives the exit code. Raises TimeoutExpired."""
        if self.returncode is None:
            if self._line not in select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("newsarchive", timeout or 0)
            self.returncode = self._number()
            self._line.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; gives what is left to read of both outputs. Raises TimeoutExpired, and may be called again."""
        if not self._readers:
            self._readers = [_reader(output, self._read) for output in self._outputs]
        self.wait(timeout)
        for reader in self._readers:
            reader.join()
        return self._read[self._outputs[0]], self._read[self._outputs[1]]

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _number(self) -> int:
        """The next line of what the process tells that watches over it."""
        digits = b""
        while not digits.endswith(b"\n"):
            digits += self._line.recv(1)
        return int(digits)


class Forks:
    """The process that forks, as the tests see it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._environment = _loaded_with(os.environ)

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], *, timeout: float) -> Done:
        """Run `newsarchive ARGUMENTS` to its end. Raises TimeoutExpired, having killed it."""
        process = self.start(arguments, environment)
        try:
            outputs = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return subprocess.CompletedProcess(["newsarchive", *arguments], process.returncode, *outputs)

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], *, terminal: int | None = None
    ) -> Forked | subprocess.Popen[str]:
        """Start `newsarchive ARGUMENTS`, with pipes for its outputs or on a terminal, and leave it running.

        With an environment in which the program may load otherwise than it was loaded it is started afresh.
        """
        if _loaded_with(environment) != self._environment:
            command = [sys.executable, "-m", "newsarchive", *arguments]
            output = subprocess.PIPE if terminal is None else terminal
            return subprocess.Popen(
                command, stdin=terminal, stdout=output, stderr=output, text=True, env=dict(environment)
            )
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._address)
        if terminal is not None:
            hand_over(line, [terminal] * 3, arguments, environment)
            return Forked(line)
        pipes = [os.pipe(), os.pipe()]
        with open(os.devnull) as nothing:
            hand_over(line, [nothing.fileno(), *(theirs for _, theirs in pipes)], arguments, environment)
        for _, theirs in pipes:
            os.close(theirs)
        return Forked(line, *(open(ours, encoding="utf-8") for ours, _ in pipes))

    def install(self, folder: Path) -> None:
        """Put a program `newsarchive` into a folder, for a shell to find, whose commands are forked as well."""
        path = folder / "newsarchive"
        own = inspect.getsource(hand_over)
        path.write_text(f"#!{sys.executable} -IS\n{PROGRAM.format(hand_over=own, address=self._address)}")
        path.chmod(0o755)


PROGRAM = """from __future__ import annotations
import json, os, socket, sys
{hand_over}
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    hand_over(line, [0, 1, 2], sys.argv[1:], os.environ)
    _process, code = line.makefile().read().split()
if int(code) < 0:
    os.kill(os.getpid(), -int(code))
sys.exit(int(code))
"""


def hand_over(
    line: socket.socket, standard: list[int], arguments: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Say what to run, with which standard files."""
    socket.send_fds(line, [b"|"], standard)
    call = {"arguments": [*arguments], "environment": {**environment}, "folder": os.getcwd()}
    line.sendall(json.dumps(call).encode() + b"\n")


def _loaded_with(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that may change how the program is loaded.

    A worker pool in this process leaves OPENBLAS_NUM_THREADS in it, with the value that the program is loaded with. The
    terminal is looked at when something is shown, the rest when it is used.
    """
    ours = (
        "NEWSARCHIVE_",
        "PYTEST_",
        "OPENBLAS_NUM_THREADS",
        "TERM",
        "COLUMNS",
        "LINES",
        "SSL_CERT_FILE",
        "MONITOR_EXIT",
    )
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def _reader(output: TextIO, read: dict[TextIO, str]) -> threading.Thread:
    """Read an output to its end in a thread."""

    def read_all() -> None:
        with output:
            read[output] = output.read()

    reader = threading.Thread(target=read_all)
    reader.start()
    return reader


@contextmanager
def forking() -> Iterator[Forks]:
    """Start the process that forks; it ends with the block, or with this process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, f"{folder}/socket"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield Forks(f"{folder}/socket")
            process.terminate()


# The rest runs in the process that forks, and in those that it forks.


def main(address: str) -> None:
    """Load the program and fork a process for each call; in that process, be what was called."""
    load()
    call = next_call(address)
    os.environ.clear()
    os.environ.update(call["environment"])
    time.tzset()
    os.chdir(call["folder"])
    sys.path[0] = call["folder"]
    sys.argv = ["newsarchive", *call["arguments"]]
    open_standard_files()
    give_loaded_workers()
    try:
        runpy.run_module("newsarchive", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        end_now(end)


def open_standard_files() -> None:
    """Open them as the interpreter does at its start: whether they are terminals, or can be sought in, is seen then."""
    for name, mode, buffering in (("stdin", "r", -1), ("stdout", "w", -1), ("stderr", "w", 1)):
        old = getattr(sys, name)
        new = open(old.fileno(), mode, buffering, encoding=old.encoding, errors=old.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, new)


def end_now(end: SystemExit) -> None:
    """End as the interpreter does, without the tenth of a second in which it takes all that is loaded to pieces."""
    if not isinstance(end.code, int):
        raise end
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(end.code)


def load() -> None:
    """Load all of the program but its settings, which read the environment of a command."""
    sys.path[0] = os.getcwd()  # as with `python -m`
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from newsarchive.workers.lean_imports import import_sqlite_utils

    import_sqlite_utils()
    for module in pkgutil.walk_packages(sys.modules["newsarchive"].__path__, "newsarchive."):
        if not module.name.endswith((".settings", ".__main__")):
            import_module(module.name)
    import_module("tests.warmth")
    assert not {"newsarchive.settings", "twisted.internet.reactor"} & sys.modules.keys()
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()


def next_call(address: str) -> dict[str, Any]:
    """Fork a process for each call, and return it there."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch over the commands
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            line, _ = listener.accept()
            with line:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    listener.close()
                    return take_call(line)
    os._exit(0)


def take_call(line: socket.socket) -> dict[str, Any]:
    """Fork the process of a command, in which this returns the call; this process tells how that one ends."""
    standard = socket.recv_fds(line, 1, 3)[1]
    with line.makefile() as text:
        call: dict[str, Any] = json.loads(text.readline())
    if process := os.fork():
        for descriptor in (0, 1, 2, *standard):
            os.close(descriptor)
        with suppress(BrokenPipeError):  # it was killed, and nobody asks any more
            line.sendall(f"{process}\n".encode())
            line.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n".encode())
        os._exit(0)
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    return call


def give_loaded_workers() -> None:
    """Fork a process that becomes the one which multiprocessing forks workers from, where that is wanted.

    It has all loaded that workers need. It is forked before the command begins: it shares no file or lock with it.
    """
    ours, theirs = socket.socketpair()
    if not (process := os.fork()):
        ours.close()
        await_start(theirs)
        return
    theirs.close()
    start = util.spawnv_passfds

    def start_loaded(path: bytes, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
        if ours.fileno() < 0 or "multiprocessing.forkserver" not in arguments[-1]:
            return start(path, arguments, descriptors)
        with ours:
            socket.send_fds(ours, [json.dumps([arguments[-1], [*descriptors]]).encode()], descriptors)
        return process

    util.spawnv_passfds = start_loaded


def await_start(line: socket.socket) -> None:
    """Run the code that comes on the line, with the descriptors that come with it; end where none comes."""
    data, given, _, _ = socket.recv_fds(line, 1_000_000, 10)
    if not data:
        os._exit(0)
    code, wanted = json.loads(data)
    apart = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 900) for descriptor in given]
    os.closerange(3, 900)
    for descriptor, number in zip(apart, wanted, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    exec(code, {"__name__": "__main__"})
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
