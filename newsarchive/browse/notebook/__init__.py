"""The pages of the notebook: notes on articles, collections, saved searches. Open only on the computer itself."""

from newsarchive.browse.notebook.beside import article_notes
from newsarchive.browse.notebook.posting import owns
from newsarchive.browse.notebook.routing import ROUTES

__all__ = ["ROUTES", "article_notes", "owns"]
