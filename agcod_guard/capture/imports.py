"""Act when a library is imported, and leave it alone until then.

Not pure: stands first on `sys.meta_path`. It finds nothing itself: of what the
other finders find for the one module waited for, it has `exec_module` tell when the
module is there. To import a library because it might be used would cost every
program that merely has it installed 40 ms and more, and memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from threading import get_ident
from types import ModuleType
from typing import Any

Contain = Callable[[str, Exception], None]
"""Counts an error of ours, with where it was."""


class Awaited:
    """One library that may be imported later, or never.

    Args:
        name: Of the library: a module without a dot.
        act: Called once it is imported, in the thread that imports it.
        contain: Told of what fails in `act`.
    """

    def __init__(self, name: str, act: Callable[[], None], contain: Contain) -> None:
        self.name, self._act, self._contain = name, act, contain
        self._waiting = False
        self._asking: set[int] = set()

    def wait(self) -> None:
        """Act at once if the library is imported already, else when it is."""
        self._waiting = True
        if self.name in sys.modules:
            self._come()
        elif self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def give_up(self) -> None:
        """Wait no longer."""
        self._waiting = False
        # A new list: another thread may be walking along the old one.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return what the other finders find, prepared, if it is waited for."""
        thread = get_ident()
        if fullname != self.name or thread in self._asking:
            return None
        self._asking.add(thread)
        try:
            spec = _found_by_others(self, fullname, path, target)
        finally:
            self._asking.discard(thread)
        if spec is not None:
            self._prepare(spec.loader)
        return spec

    def _prepare(self, loader: Any) -> None:
        """Have the loader tell when it has run the module; it is as before then."""
        try:
            run, own = loader.exec_module, vars(loader)

            def exec_module(module: ModuleType) -> None:
                own.pop("exec_module", None)
                run(module)
                self._come()

            own["exec_module"] = exec_module
        except Exception as error:  # a loader that can be given no attribute
            self._contain("capture.import", error)

    def _come(self) -> None:
        if not self._waiting:
            return
        self.give_up()
        try:
            self._act()
        except Exception as error:
            self._contain("capture.import", error)


def _found_by_others(
    waiting: Awaited, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """Ask the other finders as the import system does.

    Another that waits may be among them, and ask in its turn.
    """
    for finder in sys.meta_path:
        find = None if finder is waiting else getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, target) if find else None
        if spec is not None:
            return spec
    return None
