"""A deployment rehearsed on an AWS emulator, by the commands that a user types: `make rehearse`."""
