"""A process with the whole program loaded, which forks one process for each command that a test runs.

Loading the program takes a second of processor time and its workers another; a test suite of a thousand commands does
little else. A command that is forked begins at once and is a process of its own in all else: environment, outputs,
signals, exit code. Tests of starts, kills and terminals start the program itself.
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
from typing import Any

Done = subprocess.CompletedProcess[str]


class Forks:
    """The process that forks, as the tests see it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._environment = _loaded_with(os.environ)

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], *, timeout: float) -> Done:
        """Run `newsarchive ARGUMENTS` to its end. Raises TimeoutExpired, having killed it.

        With an environment in which the program may load otherwise than it was loaded it is started afresh.
        """
        if _loaded_with(environment) != self._environment:
            command = [sys.executable, "-m", "newsarchive", *arguments]
            return subprocess.run(
                command, capture_output=True, text=True, timeout=timeout, env=environment, check=False
            )
        outputs = ["", ""]
        with socket.socket(socket.AF_UNIX) as line, open(os.devnull) as nothing:
            line.connect(self._address)
            pipes = [os.pipe(), os.pipe()]
            hand_over(line, [nothing.fileno(), *(theirs for _, theirs in pipes)], arguments, environment)
            readers = [_reader(ours, theirs, outputs, number) for number, (ours, theirs) in enumerate(pipes)]
            line.settimeout(timeout)
            with line.makefile() as answers:
                process = int(answers.readline())
                try:
                    code = int(answers.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(["newsarchive", *arguments], timeout) from None
                finally:
                    for reader in readers:
                        reader.join()
        return subprocess.CompletedProcess(["newsarchive", *arguments], code, *outputs)

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

    A worker pool in this process leaves OPENBLAS_NUM_THREADS in it, with the value that the program is loaded with.
    """
    ours = ("NEWSARCHIVE_", "PYTEST_", "OPENBLAS_NUM_THREADS")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def _reader(ours: int, theirs: int, outputs: list[str], number: int) -> threading.Thread:
    """Read a pipe, whose other end is not ours any more, into one of the outputs."""
    os.close(theirs)

    def read() -> None:
        with open(ours, encoding="utf-8") as pipe:
            outputs[number] = pipe.read()

    reader = threading.Thread(target=read)
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
    give_loaded_workers()
    try:
        runpy.run_module("newsarchive", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        end_now(end)


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
