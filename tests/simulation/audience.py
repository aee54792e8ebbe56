"""Who comes in one run, and what each of them wants."""

from __future__ import annotations

import random

from simulation.customers import Wish, second_life, wish
from simulation.learners import Note, note, second_note

#: One task in so many is a message of AsyncFlow.
MESSAGE_EVERY = 4


def audience(tasks: int, chance: random.Random, *, forgetful: bool) -> list[Wish | Note]:
    """What everybody wants. `forgetful`: tasks are soon forgotten, so that later ones take the keys of earlier ones."""
    wanted: list[Wish | Note] = []
    for index in range(tasks):
        first = wanted[index // 2] if forgetful and index > tasks // 2 else None
        if index % MESSAGE_EVERY == MESSAGE_EVERY - 1:
            again = isinstance(first, Note) and first.key is not None
            wanted.append(second_note(first, index, chance) if again else note(index, chance))
        else:
            again = isinstance(first, Wish) and first.key is not None
            wanted.append(second_life(first, index, chance) if again else wish(index, chance))
    return wanted


def busiest(wanted: list[Wish | Note], chance: random.Random) -> Note | None:
    """The message around which its group asks too much."""
    notes = [each for each in wanted if isinstance(each, Note) and not each.second_life]
    return chance.choice(notes) if notes else None
