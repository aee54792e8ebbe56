"""The ports on SQLite: one process, no cloud. The plain reference that every other implementation is compared with."""
