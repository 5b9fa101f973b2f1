"""Telling people of alerts and news, by Apprise: what was told is recorded, so that nothing is told twice or lost."""

from newsarchive.notify.channels import MissingExtra, NotSent, send
from newsarchive.notify.delivery import NothingToTell, deliver, prepare

__all__ = ["MissingExtra", "NotSent", "NothingToTell", "deliver", "prepare", "send"]
