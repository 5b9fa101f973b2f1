"""The reading room: Datasette over the archive, read-only, with pages made for reading."""

from newsarchive.browse.app import make_app, serve

__all__ = ["make_app", "serve"]
