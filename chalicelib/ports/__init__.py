"""What the engine needs from outside, as small protocols owned by the engine.

Every call may raise `domain.errors.UnavailableError`: the part did not confirm, and what was asked may or may not have
been applied. A refused condition is a value, never an exception.
"""
