"""Collections: generations that are whole or not there, one writer per number, readers that keep what they opened."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsarchive.backup import restore_backup
from newsarchive.collection import AddressError, Collection, CollectionError, LeaseLost, NoCollection, is_collection
from newsarchive.collection.cleaning import clean_generations
from newsarchive.collection.config import CollectionConfiguration
from newsarchive.collection.generations import Generation, numbers
from newsarchive.collection.publishing import Publication, is_changed
from newsarchive.collection.shards import Shard
from newsarchive.configuration import ConfigurationError
from newsarchive.database import open_archive, read_archive, save_site
from newsarchive.sites import Site
from tests.stores import s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a bucket on loopback."""
    with s3_server() as address:
        yield address


@pytest.fixture(params=["folder", "s3"])
def collection(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """An empty collection in a folder or in S3."""
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    if request.param == "s3":
        return Collection.create(f"{request.getfixturevalue('s3')}/{tmp_path.name}")
    return Collection.create(tmp_path / "collection")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with one site and a recording."""
    folder = tmp_path / "worker" / "archive"
    folder.mkdir(parents=True)
    with open_archive(folder).conn as connection:
        connection.execute(
            "insert into warc_files values ('a.warc.gz', 5, ?, '2025-01-01T00:00:00Z')",
            ["8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"],
        )
    (folder / "warc" / "a.warc.gz").write_bytes(b"alpha")
    return folder


def publish(shard: Shard, archive: Path, fence: int = 1) -> Generation:
    return Publication(
        store=shard.store, place=shard.generations, archive=archive, before=shard.latest(), fence=fence
    ).publish()


def add_site(archive: Path, name: str) -> None:
    db = open_archive(archive)
    save_site(db, Site(name=name, url="https://a.kz/"))
    db.conn.commit()
    db.close()


def records(shard: Shard) -> list[int]:
    return sorted(numbers(shard.store.names(shard.generations)))


def sites(folder: Path | None) -> list[str]:
    assert folder is not None
    return [row["name"] for row in read_archive(folder).query("select name from sites order by 1")]


def test_a_generation_is_read_as_it_was_published(collection: Collection, archive: Path) -> None:
    shard = collection.shard("ana-tili")
    assert shard.open_latest() is None
    add_site(archive, "one")
    publish(shard, archive)
    first = shard.open_latest()
    assert first is not None
    add_site(archive, "two")
    publish(shard, archive)
    assert sites(first) == ["one"]
    assert sites(shard.open_latest()) == ["one", "two"]
    assert (first / "warc" / "a.warc.gz").read_bytes() == b"alpha"
    assert [shard.name for shard in collection.shards()] == ["ana-tili"]


def test_copies_of_what_is_deleted_in_the_store_go_too(
    s3: str, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    shard = Collection.create(f"{s3}/{tmp_path.name}").shard("paper")
    publish(shard, archive)
    first = shard.open_latest()
    assert first is not None
    (first.parent / f".{first.name}.abcd").mkdir()  # a killed reader left it a moment ago
    add_site(archive, "two")
    publish(shard, archive)
    clean_generations(shard.store, shard.generations, CollectionConfiguration(keep=1, minutes=0))
    second = shard.open_latest()
    assert second is not None
    assert list(first.parent.iterdir()) == [second]


def test_what_is_stored_already_is_not_stored_again(collection: Collection, archive: Path) -> None:
    shard = collection.shard("paper")
    publish(shard, archive)
    (archive / "warc" / "a.warc.gz").unlink()  # it would be read to be stored
    add_site(archive, "two")
    publication = Publication(
        store=shard.store, place=shard.generations, archive=archive, before=shard.latest(), fence=1
    )
    publication.publish()
    clean_generations(shard.store, shard.generations, CollectionConfiguration(keep=1, minutes=0))
    folder = shard.open_latest()
    assert folder is not None
    assert (folder / "warc" / "a.warc.gz").read_bytes() == b"alpha"
    assert not publication.problems


def test_only_one_of_two_workers_gets_the_next_number(collection: Collection, archive: Path) -> None:
    shard = collection.shard("paper")
    publish(shard, archive)
    slow = Publication(store=shard.store, place=shard.generations, archive=archive, before=shard.latest(), fence=1)
    raced = []

    def overtaken() -> None:  # just before the record is created, another worker publishes
        if not raced and any(path.startswith(f"{shard.generations}/000002") for path in shard.store.files(shard.place)):
            raced.append(True)
            add_site(archive, "other")
            publish(shard, archive, fence=2)

    slow.check = overtaken
    with pytest.raises(LeaseLost):
        slow.publish()
    latest = shard.latest()
    assert latest is not None
    assert latest.record.fence == 2
    assert sites(shard.open_latest()) == ["other"]
    folders = [name for name in shard.store.names(shard.generations) if not name.endswith(".json")]
    assert len(folders) == 2, "the loser left its folder"


def test_superseded_generations_and_left_folders_are_deleted(collection: Collection, archive: Path) -> None:
    shard = collection.shard("paper")
    for name in ("one", "two", "three"):
        add_site(archive, name)
        publish(shard, archive)
    shard.store.create(f"{shard.generations}/000004-abcdef/archive.db", b"of a killed task")
    clean_generations(shard.store, shard.generations, CollectionConfiguration(keep=3, minutes=0))
    assert not [name for name in shard.store.names(shard.generations) if name.startswith("000004")]
    assert records(shard) == [1, 2, 3]
    clean_generations(shard.store, shard.generations, CollectionConfiguration(keep=1, minutes=60))
    assert records(shard) == [1, 2, 3], "somebody may still read them"
    clean_generations(shard.store, shard.generations, CollectionConfiguration(keep=1, minutes=0))
    assert records(shard) == [3]
    assert len([path for path in shard.store.files(shard.place) if path.endswith("archive.db")]) == 1
    assert sites(shard.open_latest()) == ["one", "three", "two"]


def test_a_broken_generation_is_passed_over(tmp_path: Path, archive: Path) -> None:
    shard = Collection.create(tmp_path / "c").shard("paper")
    publish(shard, archive)
    add_site(archive, "two")
    second = publish(shard, archive)
    shard.store.replace(f"{second.folder}/manifest.json", b"{}")
    latest = shard.latest()
    assert latest is not None
    assert latest.record.number == 1
    assert publish(shard, archive).record.number == 3, "its number is not given again"


def test_unchanged_archives_are_known(tmp_path: Path, archive: Path) -> None:
    collection = Collection.create(tmp_path / "collection")
    shard = collection.shard("paper")
    assert is_changed(archive, None)
    publish(shard, archive)
    assert not is_changed(archive, shard.latest())
    (archive / "sites" / "paper.toml").write_text('url = "https://a.kz/"\n')
    assert is_changed(archive, shard.latest())
    publish(shard, archive)
    assert not is_changed(archive, shard.latest())
    add_site(archive, "two")
    assert is_changed(archive, shard.latest())


def test_without_room_the_previous_generation_stays(tmp_path: Path, archive: Path) -> None:
    collection = Collection.create(tmp_path / "collection")
    shard = collection.shard("paper")
    publish(shard, archive)
    before = sorted(collection.store.files("shards"))
    (archive / "warc" / "b.warc.gz").write_bytes(os.urandom(3 << 20))
    db = open_archive(archive)
    db["warc_files"].insert({"name": "b.warc.gz", "bytes": 3 << 20, "sha256": "", "closed": "2025-01-01T00:00:00Z"})
    db.close()
    with pytest.raises(CollectionError, match="the previous generation stays"), full_disk():
        publish(shard, archive)
    assert sorted(collection.store.files("shards")) == before
    assert sites(shard.open_latest()) == []


class full_disk:  # noqa: N801
    """No file of this process may grow beyond 2 MB, as on a disk that is full."""

    def __enter__(self) -> None:
        self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, self._limits[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        signal.signal(signal.SIGXFSZ, self._handler)


@pytest.mark.parametrize("address", ["gs://papers/kz", "ftp://host/x", "file:///tmp/x", "http://a.kz/"])
def test_other_addresses_are_refused(address: str) -> None:
    assert is_collection(address)
    with pytest.raises(AddressError, match="it must be a folder, local or on a shared disk, or s3://"):
        Collection.open(address)


def test_what_is_no_collection_is_told_apart(tmp_path: Path, archive: Path) -> None:
    assert not is_collection(archive)
    assert not is_collection(tmp_path / "nothing")
    with pytest.raises(NoCollection, match="collection new"):
        Collection.open(tmp_path / "nothing")
    with pytest.raises(CollectionError, match="not empty"):
        Collection.create(archive)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1\nleeases = 1\n", "unknown key “leeases”; known keys: format, generations, tasks, leases"),
        ("format = 1\n[generations]\nkeep = 0\n", "keep must be between 1 and 1000"),
        ("format = 1\n[leases]\nseconds = true\n", "seconds must be a whole number"),
        ("format = 2\n", "newer version"),
        ("", "format must be given"),
        ("format = ", "not valid TOML"),
        ("\udcff", "not valid TOML"),
    ],
)
def test_an_invalid_configuration_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    Collection.create(tmp_path / "c")
    (tmp_path / "c" / "collection.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=said) as caught:
        Collection.open(tmp_path / "c")
    assert "collection.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", "", "a b", "a\n", "x" * 201, "~a"])
def test_names_that_lead_out_of_the_collection_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CollectionError):
        Collection.create(tmp_path / "c").shard(name)


def test_a_record_is_created_where_the_disk_has_no_hard_links(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = Collection.create(tmp_path / "c").store
    assert store.create("x.json", b"1")
    assert not store.create("x.json", b"2")
    assert store.read("x.json") == b"1"
    shard = Collection.open(tmp_path / "c").shard("paper")
    publish(shard, archive)
    add_site(archive, "two")
    publish(shard, archive)
    assert sites(shard.open_latest()) == ["two"]


def test_an_archive_of_an_older_version_is_read_in_a_copy(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSARCHIVE_SCRATCH", str(tmp_path / "scratch"))
    shard = Collection.create(tmp_path / "c").shard("paper")
    add_site(archive, "one")
    generation = publish(shard, archive)
    database = Path(generation.folder and tmp_path / "c" / generation.folder / "archive.db")
    database.chmod(0o600)
    old = make_older(database)
    folder = shard.open_latest()
    assert folder is not None
    assert sites(folder) == ["one"]
    assert database.read_bytes() == old, "the generation was changed"


def make_older(database: Path) -> bytes:
    """Take the last migration back, as far as the list of migrations tells, and seal the generation again."""
    connection = sqlite3.connect(database)
    connection.execute("drop index captures_truncated")
    connection.execute("alter table captures drop column source")
    connection.execute("alter table captures drop column truncated")
    connection.execute("delete from _sqlite_migrations where name in ('m470_truncated', 'm471_capture_source')")
    connection.commit()
    connection.close()
    manifest = database.with_name("manifest.json")
    data = json.loads(manifest.read_bytes())
    for entry in data["files"]:
        if entry["path"] == "archive.db":
            entry["bytes"] = database.stat().st_size
            entry["sha256"] = hashlib.sha256(database.read_bytes()).hexdigest()
    manifest.chmod(0o600)
    manifest.write_text(json.dumps(data))
    record = next(database.parent.parent.glob("*.json"))
    told = json.loads(record.read_bytes())
    told["manifest"] = hashlib.sha256(manifest.read_bytes()).hexdigest()
    record.write_text(json.dumps(told))
    return database.read_bytes()


def test_a_generation_is_a_backup(tmp_path: Path, archive: Path) -> None:
    shard = Collection.create(tmp_path / "c").shard("paper")
    add_site(archive, "one")
    publish(shard, archive)
    folder = shard.open_latest()
    assert folder is not None
    restore_backup(folder, tmp_path / "restored")
    assert sites(tmp_path / "restored") == ["one"]
