"""The ports on SQLite, in memory or in a file: one process, no cloud. The plain reference that every other
implementation is compared with."""
