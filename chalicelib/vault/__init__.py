"""The cipher of every store, and the key ring of a machine that has no key service."""
