"""Commands that preserve and withhold in a collection: check, backup, restore, forget, embargo."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from sqlite_utils import Database

from newsarchive.backup import BackupError, Copied, make_backup, restore_backup
from newsarchive.cli.collection.calls import Call, Handler, Tasks, with_option
from newsarchive.cli.progress import progress_bar
from newsarchive.cli.tables import print_table
from newsarchive.cli.terminal import is_terminal, print_json
from newsarchive.collection.config import FILE
from newsarchive.collection.reading import delete_outdated_parquet
from newsarchive.collection.tasks import Held, ShardTask, TaskResult
from newsarchive.configuration import FILE as CONFIGURATION
from newsarchive.database import article_of
from newsarchive.database.disk import write_whole
from newsarchive.database.embargoes import list_embargoes
from newsarchive.sites import host_site, site_of
from newsarchive.text.counting import counted
from newsarchive.text.numbers import whole_number
from newsarchive.urls import is_address, url_key


def check(call: Call) -> int:
    """Verify every byte of every shard."""
    if not call.shards:
        call.archive.say("The collection has no shards yet.")
    return Tasks(call).run([call.task(name, keeps=False) for name in call.shards])


def backup(call: Call) -> int:
    """Copy the present generation of every shard, and what people wrote for the collection."""
    dest: Path = call.params["dest"]
    root = call.collection.store.local("")
    if root is not None and dest.resolve().is_relative_to(root.resolve()):
        raise click.UsageError(f"A backup in {dest} would be inside the collection: name another folder.")
    if dest.exists() and any(dest.iterdir()) and not (dest / FILE).exists():
        raise click.UsageError(f"{dest} has other files than a backup of a collection: name an empty folder.")
    dest.mkdir(parents=True, exist_ok=True)
    _copy_settings(call, dest)
    done = Copied()
    for name in call.shards:
        try:
            _add(done, name, _back_up(call, name, dest / "shards" / name))
        except BackupError as error:
            done.problems.append(f"{name}: {error}")
    if call.params["as_json"]:
        print_json(vars(done))
    else:
        call.archive.say(
            f"{dest}: {counted(len(call.shards), 'shard')}, {counted(done.copied, 'file')} copied"
            f" ({done.bytes / 1e6:.1f} MB), {done.kept} unchanged, {done.removed} removed"
        )
    for problem in done.problems:
        call.archive.warn(problem)
    return 1 if done.problems else 0


def _copy_settings(call: Call, dest: Path) -> None:
    store = call.collection.store
    for name in (FILE, CONFIGURATION, *(f"sites/{name}" for name in store.names("sites"))):
        try:
            data = store.read(name)
        except FileNotFoundError:
            continue
        (dest / name).parent.mkdir(exist_ok=True)
        write_whole(dest / name, data)
        (dest / name).chmod(0o600)


def _back_up(call: Call, name: str, target: Path) -> Copied:
    shard = call.shards[name]
    while (folder := shard.open_latest()) is not None:
        with progress_bar(call.archive) as bar:
            done = make_backup(
                folder, target, verify=call.params["verify"], force=call.params["force"], progress=bar.show
            )
        if folder.exists():
            return done
    return Copied()


def _add(total: Copied, name: str, one: Copied) -> None:
    total.copied += one.copied
    total.bytes += one.bytes
    total.kept += one.kept
    total.removed += one.removed
    total.problems += [f"{name}: {problem}" for problem in one.problems]


def restore(call: Call) -> int:
    """Restore every shard of a backup; what was taken down since stays down."""
    source: Path = call.params["source"]
    if call.params["to"] is not None:
        raise click.UsageError("To restore elsewhere, make a collection there and restore into that one.")
    if not (source / FILE).exists():
        raise click.UsageError(f"{source} is no backup of a collection. A backup of an archive is restored into one.")
    names = sorted(path.name for path in (source / "shards").iterdir())
    present = [name for name in names if name in call.shards]
    if present and not call.params["force"]:
        raise click.UsageError(f"The collection has {', '.join(present[:3])} already: replace with --force.")

    def work(task: ShardTask, archive: Path, held: Held) -> TaskResult:
        done = restore_backup(source / "shards" / task.shard, archive, force=True)
        held.lease.check()
        again = f"; {counted(done.forgotten, 'article')} taken down again" if done.forgotten else ""
        messages = [f"{counted(done.files, 'file')} as of {done.made}{again}"]
        return TaskResult(
            shard=task.shard,
            code=1 if done.problems else 0,
            messages=[*messages, *(f"newsarchive: {problem}" for problem in done.problems)],
        )

    return Tasks(call, work=work).run([ShardTask(shard=name, command=("restore",)) for name in names])


def forget(call: Call) -> int:
    """Take an article down wherever its URL is known; every command finishes what a killed one began."""
    target = call.params["target"]
    url = _url_of(call, target)
    if not call.params["yes"] and is_terminal(sys.stdin):
        click.confirm(f"Remove {url} from the collection for good?", abort=True)
    own = site_of(url, call.profiles.sites.values()) or host_site(url)
    names = _shards_with(call, url) or [own.name]
    tasks = [with_option(call.task(name, url, without=("yes",)), "--yes") for name in names]
    code = Tasks(call, plain=True).run(tasks)
    folders = {name: folder for name in names if (folder := call.collection.shard(name).open_latest())}
    delete_outdated_parquet(call.collection.address, folders)
    return code


def _url_of(call: Call, target: str) -> str:
    """Return the URL of an article that is named by it or as SITE/NUMBER."""
    if is_address(target):
        return target
    site, _, number = target.rpartition("/")
    if site not in call.shards or not number.isdigit():
        raise click.UsageError(
            f"“{target}” is neither an http(s) URL nor an article of this collection as SITE/NUMBER."
        )
    with call.open(call.shards[site]) as db:
        row = db and db.conn.execute("select url from articles where id = ?", (whole_number(number),)).fetchone()
    if not row:
        call.archive.warn(f"There is no article {target} in this collection.")
        sys.exit(1)
    return str(row[0])


def _shards_with(call: Call, url: str) -> list[str]:
    """Return the shards that know a URL: as an article, in the ledger, or by a capture or an image."""
    found = []
    for name, shard in call.shards.items():
        with call.open(shard) as db:
            if db is not None and _knows(db, url):
                found.append(name)
    return found


def _knows(db: Database, url: str) -> bool:
    sql = (
        "select 1 from urls where key = ?1 union all select 1 from captures where url = ?2"
        " union all select 1 from images where url = ?2 limit 1"
    )
    return article_of(db, url) is not None or bool(db.conn.execute(sql, (url_key(url), url)).fetchone())


def embargo(call: Call) -> int:
    """Hide an article until a day; list the hidden ones of all shards."""
    target, until, lift = (call.params[name] for name in ("target", "until", "lift"))
    if call.params["listed"] or (target is None and not until and not lift):
        rows = [{"site": name, **row} for name, shard in call.shards.items() for row in _embargoes(call, name)]
        rows.sort(key=lambda row: (row["until"], row["site"]))
        columns = {"site": "Site", "article": "Article", "until": "Until", "reason": "Reason", "title": "Title"}
        if call.params["as_json"]:
            print_json(rows)
        else:
            print_table(rows, {**columns, "url": "URL"}, empty="No article is under an embargo.")
        return 0
    if target is None:
        raise click.UsageError("embargo needs an article and either --until DAY or --lift.")
    url = _url_of(call, target)
    for name, shard in call.shards.items():
        with call.open(shard) as db:
            known = db is not None and article_of(db, url) is not None
        if known:
            return Tasks(call, plain=True).run([call.task(name, url)])
    call.archive.warn(f"There is no article {target} in this collection.")
    return 1


def _embargoes(call: Call, name: str) -> list[dict[str, object]]:
    with call.open(call.shards[name]) as db:
        return list_embargoes(db) if db is not None else []


HANDLERS: dict[str, Handler] = {
    "check": check,
    "backup": backup,
    "restore": restore,
    "forget": forget,
    "embargo": embargo,
}
