"""Reprints: which articles share their text, who was first, and what each changed."""

from newsarchive.reprints.groups import Group, Member, group_of, list_groups
from newsarchive.reprints.updating import Updated, count_pending, update_reprints

__all__ = ["Group", "Member", "Updated", "count_pending", "group_of", "list_groups", "update_reprints"]
