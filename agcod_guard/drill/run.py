"""Play a story in front of an audience, and keep what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from agcod_guard.drill.ground import prepared
from agcod_guard.drill.happening import Audience, Happening, Tone
from agcod_guard.drill.program import ProgramLog, open_shop
from agcod_guard.drill.stage import Stage
from agcod_guard.drill.story import Act, Story
from agcod_guard.guard import Guard
from agcod_guard.settings import Settings
from agcod_guard.simulator.client import Attempt
from agcod_guard.simulator.truth import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What is left of a drill that was played.

    Attributes:
        story: What was played.
        settings: The guard's; they name the data folder.
        attempts: Every call of the program, by its own log, in the order in
            which they ended.
        entries: What the simulator met and answered.
        missed: The act whose goal was not reached; None if all were.
        lasted_s: How long it took.
    """

    story: Story
    settings: Settings
    attempts: tuple[Attempt, ...]
    entries: tuple[Entry, ...]
    missed: Act | None
    lasted_s: float

    @property
    def folder(self) -> Path:
        """The drill's folder."""
        return self.settings.data_dir


def rehearsed(
    story: Story, *, parent: Path, audience: Audience, seed: int
) -> Rehearsal:
    """Play `story` in a new folder below `parent`.

    Raises:
        GuardError: The folder, the simulator or the loopback is not to be had.
    """
    started_s, log = time.monotonic(), ProgramLog()
    with prepared(parent, policy=story.policy, seed=seed) as ground:
        audience.happened(_beginning(ground.folder))
        urls = ground.simulator.urls
        with (
            Guard(ground.settings, registry=CollectorRegistry()) as guard,
            open_shop(
                urls, guard.wrap, log=log, timeout_s=story.timeout_s, seed=seed
            ) as shop,
        ):
            stage = Stage(ground, guard, shop=shop, log=log, audience=audience)
            missed = _missed(story, stage)
        entries = tuple(ground.simulator.log)
    return Rehearsal(
        story=story,
        settings=ground.settings,
        attempts=log.attempts(),
        entries=entries,
        missed=missed,
        lasted_s=time.monotonic() - started_s,
    )


def _beginning(folder: Path) -> Happening:
    return Happening(
        at_s=time.time(), what="drill begins", why=str(folder), tone=Tone.STAGE
    )


def _missed(story: Story, stage: Stage) -> Act | None:
    """Play act after act; return the one that did not come to its goal."""
    for act in story.acts:
        if not stage.play(act, patience_s=story.patience_s):
            return act
    return None
