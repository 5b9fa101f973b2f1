"""Folders that a program mirrored a site into (wget, HTTrack), and pages saved with their files beside them."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import quote, unquote

_HOST = re.compile(
    r"((?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*[a-z]|localhost|\d{1,3}(?:\.\d{1,3}){3})(?:[:_+](\d{1,5}))?", re.I
)
_INDEX = re.compile(r"(?:^|(?<=/))index\.html?(?=$|[?@])", re.I)
_REFERENCE = re.compile(
    r"""(\s(?:href|src|content|poster|data-src)=)(["'])(?![a-z][a-z0-9+.-]{0,20}:|[/#?])([^"'<>]{1,2000})\2""", re.I
)
_BESIDE = re.compile(
    r"""\s(?:src|srcset|href|poster)=(["'])(?:\./)?[^"'/]{1,300}(?:_files|\.files|-Dateien|_файлы)/[^"']{0,4000}\1""",
    re.I,
)
_ITSELF = re.compile(r"<(?:link|meta)\b[^<>]{0,4000}(?:canonical|og:url)[^<>]{0,4000}>", re.I)


def is_beside(folder: Path) -> bool:
    """Whether a folder holds what browsers save beside a page (`Page_files/`)."""
    return folder.name.endswith(("_files", ".files", "-Dateien", "_файлы"))


def host_of_mirror(file: Path, root: Path) -> str:
    """Return the host that the first folder of a mirror is named after; empty if there is none.

    >>> host_of_mirror(Path("m/tan.example/a/index.html"), Path("m")), host_of_mirror(Path("m/pages/a.html"), Path("m"))
    ('tan.example', '')
    >>> host_of_mirror(Path("m/127.0.0.1_8000/a.html"), Path("m"))
    '127.0.0.1:8000'
    """
    first, *rest = file.relative_to(root).parts
    return _host(first) if rest else ""


def _host(folder: str) -> str:
    found = _HOST.fullmatch(folder)
    if found is None:
        return ""
    return found[1].lower() + (f":{found[2]}" if found[2] else "")


def url_in_mirror(file: Path, root: Path) -> str:
    """Return the URL that a file of a mirror had by its folders; empty if it is in none.

    >>> url_in_mirror(Path("m/tan.example/a/index.html"), Path("m"))
    'https://tan.example/a/'
    >>> url_in_mirror(Path("m/tan.example/index.html?p=7"), Path("m"))
    'https://tan.example/?p=7'
    """
    return _url(file.relative_to(root).parts)


def _url(parts: tuple[str, ...]) -> str:
    host = _host(parts[0]) if len(parts) > 1 else ""
    if not host:
        return ""
    path = _INDEX.sub("", "/".join(parts[1:]))
    return f"https://{host}/{quote(path, safe='/%@?=&+,;~:!$()*')}"


def relinked(markup: str, file: Path, root: Path, url: str) -> str:
    """Return a page with the links that its program changed as they were, as far as the folders show that.

    Links to other hosts of the mirror are absolute again, the canonical URL is the page's own, and what a browser put
    beside the page has no address: it stands for other ones.
    """
    markup = _BESIDE.sub("", markup)
    if not host_of_mirror(file, root):
        return markup
    here = file.relative_to(root).parent.as_posix()
    own = file.relative_to(root).parts[0]

    def absolute(found: re.Match[str]) -> str:
        path, mark, rest = _divided(found[3])
        parts = tuple(posixpath.normpath(posixpath.join(here, unquote(path))).split("/"))
        if parts[0] in (own, "..") or not (target := _url(parts)):
            return found[0]
        return f"{found[1]}{found[2]}{target}{mark}{rest}{found[2]}"

    def own_url(link: re.Match[str]) -> str:
        is_own = link[3] == file.name or _INDEX.fullmatch(link[3])
        return f"{link[1]}{link[2]}{url}{link[2]}" if is_own else link[0]

    markup = _ITSELF.sub(lambda tag: _REFERENCE.sub(own_url, tag[0]), markup)
    return _REFERENCE.sub(absolute, markup)


def _divided(reference: str) -> tuple[str, str, str]:
    mark = min((mark for mark in "?#" if mark in reference), key=reference.index, default="#")
    path, found, rest = reference.partition(mark)
    return path, found, rest
