"""Commands on a collection: which shards each concerns, and what it does with them; and those that make one."""
