"""Guards: they judge what was fetched and read before it can touch a published value."""
