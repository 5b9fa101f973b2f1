"""A trial with a real SLURM of one node: jobs with a time limit shorter than the work, requeued until all is done.

    python -m tests.slurm_trial [--pages 240] [--minutes 2]

Needs the Debian packages slurm-wlm and munge, and root. All its files are in a temporary folder, and all it starts ends
with it; nothing listens beyond loopback.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from newsarchive.collection import Collection
from newsarchive.collection.cluster import open_cluster
from newsarchive.collection.running import run_tasks
from newsarchive.collection.tasks import ShardTask
from tests.hosts import serve_host
from tests.test_collection_running import add_profile, articles

CONFIGURATION = """
ClusterName=one
SlurmctldHost={node}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={port}
SlurmdPort={other}
MpiDefault=none
KillWait=5
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
NodeName={node} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={node} Default=YES MaxTime=60 State=UP
"""
JOB = """#!/bin/bash
#SBATCH --job-name=newsarchive --cpus-per-task=1 --time={minutes} --requeue --signal=B:USR1@10 --open-mode=append
#SBATCH --output={folder}/worker-%a.log
again() {{
  kill -TERM "$worker"; wait "$worker"
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
}}
trap again USR1
{python} -m distributed.cli.dask_worker --scheduler-file {folder}/scheduler.json --nthreads 1 --no-dashboard --local-directory {folder}/dask \\
  --death-timeout 600 --lifetime {lifetime}s &
worker=$!
wait "$worker"
again
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def ending(pid: Callable[[], int]) -> Iterator[None]:
    """End a process at the end of the block."""
    try:
        yield
    finally:
        os.kill(pid(), 15)


@contextmanager
def slurm(folder: Path) -> Iterator[None]:
    """Run a SLURM of this node alone."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    settings = {"node": socket.gethostname().partition(".")[0], "port": free_port(), "other": free_port()}
    configuration = folder / "slurm.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, **settings))
    os.environ["SLURM_CONF"] = str(configuration)
    files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munged.pid"}
    files |= {"log-file": folder / "munged.log", "seed-file": folder / "munge.seed"}
    commands = (
        ["munged", "--force", *(f"--{name}={path}" for name, path in files.items())],
        ["slurmctld", "-f", str(configuration)],
        ["slurmd", "-f", str(configuration), "-N", settings["node"]],
    )
    with ExitStack() as started:
        for command in commands:
            subprocess.run(command, check=True)
            time.sleep(3)
            started.enter_context(ending(lambda name=command[0]: int((folder / f"{name}.pid").read_text())))
        yield
        subprocess.run(["scancel", "--user=root"], check=False)
        time.sleep(5)


@contextmanager
def workers(folder: Path, minutes: int) -> Iterator[str]:
    """Run a Dask scheduler and two jobs with a worker each; yields the scheduler's file."""
    file = folder / "scheduler.json"
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(file),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as scheduler:
        while not file.exists():
            time.sleep(0.1)
        job = folder / "job.sh"
        job.write_text(JOB.format(folder=folder, python=sys.executable, minutes=minutes, lifetime=60 * minutes - 20))
        subprocess.run(["sbatch", "--array=1-2", str(job)], check=True)
        yield str(file)
        scheduler.terminate()


def trial(folder: Path, pages: int, minutes: int) -> None:
    """Crawl two newspapers, each for longer than a job may take."""
    collection = Collection.create(folder / "papers")
    collection.store.replace("collection.toml", b"format = 1\n[tasks]\nminutes = 1\n[leases]\nseconds = 10\n")
    collection = Collection.open(collection.address)
    with ExitStack() as open_:
        hosts = [open_.enter_context(serve_host(pages=pages)) for _ in range(2)]
        for number, host in enumerate(hosts):
            add_profile(collection, f"uy-{number}", host.profile(delay=0.5))
        open_.enter_context(slurm(folder))
        file = open_.enter_context(workers(folder, minutes))
        start = time.monotonic()
        tasks = [ShardTask(shard=f"uy-{n}", command=("crawl", f"uy-{n}"), key=f"uy-{n}/1") for n in range(2)]
        cluster = open_.enter_context(open_cluster(file, folder))
        ended = list(run_tasks(collection, tasks, cluster=cluster))
        begun = (folder / "worker-1.log").read_text().count("Start worker at")
        print(f"{time.monotonic() - start:.0f} s, the first job began {begun} times")
        assert begun > 1, "the work took no longer than one job"
        assert [each.failure for each in ended] == ["", ""]
        for number, host in enumerate(hosts):
            assert articles(collection, f"uy-{number}") == pages
            read = [path for path in host.paths() if path.startswith("/uy-")]
            print(
                f"uy-{number}: {pages} articles, {len(read) - pages} pages read again, {min(host.gaps()):.2f} s apart"
            )


def main() -> None:
    """Run the trial; an AssertionError tells what did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=240)
    parser.add_argument("--minutes", type=int, default=2, help="the time limit of a job")
    asked = parser.parse_args()
    os.environ["NEWSARCHIVE_CONTACT"] = "tests@example.org"
    with tempfile.TemporaryDirectory(prefix="slurm-") as place:
        Path(place).chmod(0o755)
        os.environ["NEWSARCHIVE_SCRATCH"] = f"{place}/scratch"
        trial(Path(place), asked.pages, asked.minutes)


if __name__ == "__main__":
    main()
