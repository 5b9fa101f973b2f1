"""The option --images of crawl and fetch: without a value it means all images, else none, lead or all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from newsarchive.images.selecting import MODES

CHOICE = click.Choice(MODES)


class WithImages(click.Command):
    """A command whose --images may have no value, even before a site or URL."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, complete(args))


def complete(args: list[str]) -> list[str]:
    """Return the arguments with a value for each --images.

    >>> complete(["--images", "paper"]), complete(["paper", "--images", "lead"])
    (['--images=all', 'paper'], ['paper', '--images=lead'])
    """
    found: list[str] = []
    end = args.index("--") if "--" in args else len(args)
    skip = False
    for place, arg in enumerate(args):
        if skip:
            skip = False
        elif arg == "--images" and place < end:
            skip = place + 1 < end and args[place + 1] in MODES
            found.append(f"--images={args[place + 1] if skip else 'all'}")
        else:
            found.append(arg)
    return found


def images_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option as `images`; None means the profile's choice."""
    words = (
        "Also keep images: all of them, unless a value is given. To set this permanently, use `images` in the profile."
    )
    return click.option("--images", type=CHOICE, metavar="[none|lead|all]", help=words)(command)
