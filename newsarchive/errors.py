"""The one root of all our exceptions, so that a program can catch whatever this one raises on purpose."""


class NewsArchiveError(Exception):
    """Anything that newsarchive raises because of its input, the archive or a site; the message is a sentence."""
