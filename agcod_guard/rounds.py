"""What is done each time somebody looks: the helper thread, or a test by hand.

Every step contains its own errors, so that one that fails harms no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agcod_guard.assembly import Parts
from agcod_guard.call import Scope
from agcod_guard.data_folder import DataFolder, reckoning_in
from agcod_guard.down_scopes import DownScopes
from agcod_guard.errors import DataError
from agcod_guard.outage.state import ScopeState, Transition
from agcod_guard.prober import Prober
from agcod_guard.redaction import redact_text
from agcod_guard.telling import Telling
from agcod_guard.version import __version__
from agcod_guard.watching.reckoning import Reckoning

MAINTAINED_EVERY_S = 1.0

POSTED_EVERY_S = 1.0
"""How often somebody looks whether there is anything to carry."""


ENDED_WITHIN_S = 5.0
"""How long a guard that is closed waits for each thing under way."""


class Rounds:
    """One guard's rounds in this process.

    Attributes:
        telling: The partner's callbacks; told by whoever looks, afterwards.
        down: The scopes that are down, as of the last look.
    """

    def __init__(self, parts: Parts, folder: DataFolder) -> None:
        self._parts, self._folder = parts, folder
        self._policy = folder.settings.policy
        self.telling = Telling(parts.recorder.contain)
        self.down = DownScopes(parts.ladder, parts.recorder.contain)
        self._probers: dict[Scope, Prober] = {}
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget what was done when; after a fork it was the parent who did it."""
        self._maintained_at_s = self._referred_at_s = float("-inf")
        self._posted_at_s = float("-inf")
        self._versions_noted = False
        self._tried_at_s = float("-inf")
        self._aside: Reckoning | None = None
        self.telling.start_afresh()
        self.down.start_afresh()

    def probe(self, scope: Scope, call: Callable[[], object]) -> None:
        """Have `call` made when the evidence of `scope` asks for it."""
        self.end_probing(scope)
        self._probers[scope] = Prober(
            call,
            scope,
            turn=self._folder.probe_turn(scope),
            recorder=self._parts.recorder,
            clock=self._folder.clock,
            policy=self._policy,
        )

    def end_probing(self, scope: Scope | None = None) -> None:
        """Make no more test calls, of one scope or of all."""
        for known in list(self._probers) if scope is None else [scope]:
            prober = self._probers.pop(known, None)
            if prober is not None:
                prober.close()

    def end(self) -> None:
        """Begin nothing more, and let what is under way come to its end."""
        self.end_probing()
        self._parts.path.wait(ENDED_WITHIN_S)
        if self._parts.reference is not None:
            self._parts.reference.wait(ENDED_WITHIN_S)
        self._parts.post.postman.wait(ENDED_WITHIN_S)

    def look(self, now_s: float) -> list[Transition]:
        """Do everything once; return what has changed, oldest first."""
        self._parts.recorder.sweep()
        self._parts.recorder.write_samples()
        self._maintain()
        self._refer(now_s)
        try:
            news = self._parts.watch.tick(now_s)
        except Exception as error:
            self._parts.recorder.contain("watch.tick", error)
            news = []
        else:
            self.down.follow(news, self._parts.watch.present, now_s)
        self._try_ways(now_s)
        self._probe(now_s)
        self._post(now_s)
        self._note_versions()
        return news

    def _maintain(self) -> None:
        """Have the journal synced once a second, however often we look."""
        now_s = self._folder.clock.monotonic_s()
        if now_s - self._maintained_at_s >= MAINTAINED_EVERY_S:
            self._maintained_at_s = now_s
            self._parts.journal.maintain()

    def _refer(self, now_s: float) -> None:
        """Check the reference when it is due; only the process that acts does."""
        reference, watch = self._parts.reference, self._parts.watch
        if reference is None or watch.present is None:
            return
        every_s = (
            self._policy.reference_suspect_every_s
            if watch.suspects()
            else self._policy.reference_healthy_every_s
        )
        if now_s - self._referred_at_s >= every_s and reference.start():
            self._referred_at_s = now_s

    def _try_ways(self, now_s: float) -> None:
        """Try our own way to what fails for no known reason; as `_refer` does."""
        present = self._parts.watch.present
        every_s = self._policy.reference_suspect_every_s
        if present is None or now_s - self._tried_at_s < every_s:
            return
        routes = present.routes_to_check(self._folder.settings.source)
        if routes and self._parts.path.start(routes):
            self._tried_at_s = now_s

    def _probe(self, now_s: float) -> None:
        """Make the test calls that are due, in whichever process has the turn."""
        for prober in tuple(self._probers.values()):
            try:
                prober.tick(now_s, self._state_of)
            except Exception as error:
                self._parts.recorder.contain("probe", error)

    def _post(self, now_s: float) -> None:
        """Have the postman carry what is due; only the process that acts does."""
        wall_s = self._parts.watch.wall_s(now_s)
        if wall_s is None or now_s - self._posted_at_s < POSTED_EVERY_S:
            return
        self._posted_at_s = now_s
        with self._contained("postman"):
            self._parts.post.carry(wall_s)

    def _note_versions(self) -> None:
        """Note, once a process, which versions are at work on this machine."""
        if self._versions_noted:
            return
        self._versions_noted = True
        settings, at_s = self._folder.settings, self._folder.clock.wall_s()
        versions = {"agcod-guard": __version__, "your program": settings.app_version}
        for name, version in versions.items():
            if version is None:
                continue
            with self._contained("versions"):
                self._parts.ladder.note_version(
                    f"{name} on {settings.source}", redact_text(version), at_s
                )

    @contextmanager
    def _contained(self, stage: str) -> Iterator[None]:
        """Keep errors from the other steps; of a bad disk or ladder, only tell."""
        try:
            yield
        except (DataError, OSError) as error:
            self._parts.observer.internal_error(stage, error)
        except Exception as error:
            self._parts.recorder.contain(stage, error)

    def _state_of(self, scope: str, now_s: float) -> ScopeState | None:
        """Return what is known of a scope, also where another process acts."""
        present = self._parts.watch.present
        if present is not None:
            self._aside = None
            return present.scopes.get(scope)
        if self._aside is None:
            self._aside = reckoning_in(
                self._folder,
                policy=self._policy,
                observer=self._parts.observer,
                now_s=now_s,
            )
        else:
            self._aside.read()
            self._aside.look(now_s)
        return self._aside.present.scopes.get(scope)
