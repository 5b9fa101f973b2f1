"""Furniture of pages: whole lines that share, relate, count, subscribe, comment or advertise instead of telling."""

from __future__ import annotations


def is_boilerplate(line: str) -> bool:
    return False
