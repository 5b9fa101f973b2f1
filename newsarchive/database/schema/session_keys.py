"""What a migration made of keys with session IDs; frozen, as it was when that migration was released."""

from __future__ import annotations

import re

from sqlite_utils import Database

_ALWAYS = re.compile(
    r"(?:amp;|amp%3B)?(?:php_?sess(?:id)?|jsessionid|aspsessionid\w*|asp\.net_sessionid|bitrix_sessid|wp_?session\w*"
    r"|zenid|oscsid|xtcsid|cftoken|session_?id|sess_?id)",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"(?:amp;|amp%3B)?(?:ssid|sid|s|sess|session|hash)", re.IGNORECASE)
_VALUE = re.compile(r"(?=.*\d)(?=.*[a-z])[0-9a-z,-]{20,}", re.IGNORECASE)
_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?#]*|/\(S\([0-9a-z]{20,}\)\)(?=/)", re.IGNORECASE)


def key_without_session(key: str) -> str:
    """Return a key without session IDs.

    >>> key_without_session("a.kz/n.php?PHPSESSID=9f86d081884c7d65&id=7"), key_without_session("a.kz/n?sid=7")
    ('a.kz/n.php?id=7', 'a.kz/n?sid=7')
    """
    path, _, query = key.partition("?")
    kept = [pair for pair in query.split("&") if pair and not _is_session(*pair.partition("=")[::2])]
    return _PATH.sub("", path).rstrip("/") + (f"?{'&'.join(kept)}" if kept else "")


def _is_session(name: str, value: str) -> bool:
    return bool(_ALWAYS.fullmatch(name) or (_MAYBE.fullmatch(name) and _VALUE.fullmatch(value)))


_FORGOTTEN_TOO = (
    "insert or ignore into urls (site, url, key, source, first_listed, last_listed, day, state, reason, visited)"
    " select site, url, ?, source, first_listed, last_listed, day, state, reason, visited from urls where id = ?"
)


def drop_sessions(db: Database) -> None:
    """Give URLs with a session ID the key that they have without; of several with one key the others become aliases.

    What was taken down stays so, and an article goes before what is none.
    """
    rows = db.conn.execute(
        "select id, key, article, state from urls where (key like '%=%') and key not like 'lost:%'"
        " order by state = 'forgotten' desc, article is null, state = 'alias', id"
    ).fetchall()
    for number, key, article, state in rows:
        new = key_without_session(key)
        if new == key:
            continue
        if state == "forgotten":  # such a row is never changed: the new key gets one of its own
            db.conn.execute(_FORGOTTEN_TOO, (new, number))
            continue
        if db.conn.execute("select 1 from urls where key = ?", (new,)).fetchone():
            db.conn.execute("update urls set state = 'alias', next_visit = null where id = ?", (number,))
            continue
        db.conn.execute("update urls set key = ? where id = ?", (new, number))
        if article is not None and not db.conn.execute("select 1 from articles where key = ?", (new,)).fetchone():
            db.conn.execute("update articles set key = ? where id = ? and key = ?", (new, article, key))
