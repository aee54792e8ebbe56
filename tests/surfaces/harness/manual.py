"""One API's manual: its fixtures, what they start from, and how one of them is played at a place."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surfaces.harness.matching import Bindings, Fixture, fill, load
from surfaces.harness.place import Place
from surfaces.harness.scene import Problems, Scene

#: Brings a scene of its API to a state that a fixture may start from, through the API alone.
Preparation = Callable[[Any], None]
#: What was bound for a fixture before its turn, by its id.
Ahead = Mapping[str, Bindings]


class Preparations(dict[str, Preparation]):
    """The preparations of a manual, under the words that its fixtures use (`given`)."""

    def named(self, name: str) -> Callable[[Preparation], Preparation]:
        """Register a preparation."""

        def register(prepare: Preparation) -> Preparation:
            self[name] = prepare
            return prepare

        return register


def _nothing_ahead(place: Place) -> Ahead:
    return {}


@dataclass(frozen=True, slots=True)
class Manual:
    """One API's manual.

    `folder` holds the fixtures, `documents` the titles of what they quote, `scene` is how this API is asked, and
    `enter` readies a place for the fixtures and starts what takes its time for those that need it.
    """

    name: str
    folder: Path
    documents: Mapping[str, str]
    scene: type[Scene]
    preparations: Mapping[str, Preparation]
    enter: Callable[[Place], Ahead] = _nothing_ahead

    def fixtures(self) -> tuple[Fixture, ...]:
        """Every fixture of the manual, in the order of the files' names."""
        return load(self.folder)

    def play(self, place: Place, fixture: Fixture, ahead: Mapping[str, str] | None = None) -> Problems:
        """Play a fixture up to its first step that goes wrong; an empty list means that all went as written."""
        with self.opened(place, fixture, ahead) as scene:
            for name in fixture.given:
                self.preparations[name](scene)
            for step in fixture.steps:
                if problems := scene.play(step):
                    return problems
        return []

    @contextmanager
    def opened(self, place: Place, fixture: Fixture, ahead: Mapping[str, str] | None = None) -> Iterator[Scene]:
        """A scene with the fixture's sinks up, which ends whatever goes wrong in it."""
        bindings: Bindings = {f"{name}_key": key for name, key in place.keys.items()}
        bindings["unique"] = uuid.uuid4().hex[:12]
        bindings.update(ahead or {})
        for name, sink in (fixture.sinks or {}).items():
            bindings[name] = place.sink(fill(sink.answers, bindings))
        scene = self.scene(place, bindings)
        try:
            yield scene
        finally:
            scene.close()


def cases(manuals: Iterable[Manual]) -> tuple[tuple[Manual, Fixture], ...]:
    """Every fixture of every manual.

    Raises:
        ValueError: two manuals have fixtures of one id.
    """
    found = tuple((manual, fixture) for manual in manuals for fixture in manual.fixtures())
    ids = Counter(fixture.id for _, fixture in found)
    if twice := [name for name, count in ids.items() if count > 1]:
        raise ValueError(f"fixture ids used twice: {', '.join(twice)}")
    return found
