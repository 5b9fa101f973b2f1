"""Reprints: which articles share their text, who was first, and what each changed."""

from newsarchive.reprints.groups import Group, Member
from newsarchive.reprints.reading import count_pending, count_reprints, group_of, list_groups
from newsarchive.reprints.updating import Updated, update_reprints

__all__ = [
    "Group",
    "Member",
    "Updated",
    "count_pending",
    "count_reprints",
    "group_of",
    "list_groups",
    "update_reprints",
]
