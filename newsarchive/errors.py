"""The one root of all our exceptions, so that a program can catch whatever this one raises on purpose."""


class NewsArchiveError(Exception):
    """Anything that newsarchive raises because of its input, the archive or a site; the message is a sentence."""


def reason_of(error: BaseException) -> str:
    """An exception in a few words that any file and terminal can take.

    >>> reason_of(ValueError("\\ud800 is no text"))
    'ValueError: \\\\ud800 is no text'
    """
    words = f"{type(error).__name__}: {error}".rstrip(": ")
    return words[:300].encode("utf-8", "backslashreplace").decode()
