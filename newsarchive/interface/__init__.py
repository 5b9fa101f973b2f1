"""What `import newsarchive` offers other programs; loaded by `newsarchive/__init__.py` when a name is first used."""
