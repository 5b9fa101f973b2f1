"""Calls in threads: used again, never waited for when they hang, and their errors reach the caller."""

from __future__ import annotations

import asyncio
from threading import Event, get_ident

import pytest

from newsarchive.crawling.threads import in_thread


def test_calls_in_turn_share_a_thread_that_is_not_the_own() -> None:
    async def several() -> set[int]:
        return {await in_thread(get_ident) for _ in range(5)}

    threads = asyncio.run(several()) | asyncio.run(several())
    assert len(threads) == 1
    assert get_ident() not in threads


def test_a_call_that_hangs_holds_up_no_other() -> None:
    go_on, hangs = Event(), Event()

    def hang() -> None:
        hangs.set()
        go_on.wait()

    async def others() -> list[int]:
        hanging = asyncio.ensure_future(in_thread(hang))
        await in_thread(hangs.wait)
        numbers = [await in_thread(int, text) for text in ("1", "2")]
        hanging.cancel()
        return numbers

    assert asyncio.run(others()) == [1, 2]  # and does not wait for the one that hangs
    go_on.set()


def test_an_error_reaches_the_caller_and_its_thread_is_used_again() -> None:
    async def failing() -> int:
        with pytest.raises(ValueError, match="invalid literal"):
            await in_thread(int, "x")
        return await in_thread(int, "7")

    assert asyncio.run(failing()) == 7
