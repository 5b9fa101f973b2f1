"""Reprints over several archives: found by the sketches of all, as in one archive that holds them all."""

from newsarchive.reprints.several.comparing import update_index
from newsarchive.reprints.several.groups import group_among, groups_among, numbers_among
from newsarchive.reprints.several.index import Index, open_index

__all__ = ["Index", "group_among", "groups_among", "numbers_among", "open_index", "update_index"]
