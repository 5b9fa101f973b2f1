"""Spiders: what to request; every profile is one (see spiderloader)."""
