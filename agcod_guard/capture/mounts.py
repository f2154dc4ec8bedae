"""Stand between a session and its `get_adapter`, and leave without a trace.

Not pure: sets and restores the attribute `get_adapter` of a session or of the
session class. Knows nothing of what is done with the adapters. What stands
beneath is looked up at each call, so that a patch made later to the class works
as it would without us; what stands above is left alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any
from weakref import ref

import requests

Target = requests.Session | type[requests.Session]
Chosen = Callable[[Any, object], Any]
"""Given an adapter and the URL asked for, returns what shall send."""

_MARK = "_agcod_mount"


class Mount:
    """One guard's place among the `get_adapter`s of a session or a class.

    Attributes:
        chosen: What is done with each adapter.
        live: False once dismounted; adapters then pass as they are.
        beneath: The attribute that stood there before; None if there was none.
        function: What stands there now, bound to the session if it is one.
    """

    __slots__ = (
        "__weakref__",
        "_on_class",
        "_target",
        "beneath",
        "chosen",
        "function",
        "live",
    )

    def __init__(self, target: Target, chosen: Chosen) -> None:
        self.chosen, self.live = chosen, True
        self.beneath = vars(target).get("get_adapter")
        self._target, self._on_class = ref(target), isinstance(target, type)
        self.function = function = _get_adapter_of(self)
        _put(target, function if self._on_class else MethodType(function, target))

    @property
    def target(self) -> Target | None:
        """The session or class it was put on; None if the session is gone."""
        return self._target()

    def dismount(self) -> None:
        """Let adapters pass, and restore what no live mount covers."""
        self.live = False
        target = self._target()
        if target is not None:
            _restore(target)

    def asked_of(self, session: requests.Session) -> Any:
        """Return the `get_adapter` of `session` as if this mount were not there."""
        attribute = self.beneath
        if attribute is None:
            attribute = _class_attribute(type(session))
        elif not self._on_class:
            return attribute
        if type(attribute) is FunctionType:
            return MethodType(attribute, session)
        bind = getattr(type(attribute), "__get__", None)
        return attribute if bind is None else bind(attribute, session, type(session))


def mounts_on(target: Target) -> Iterator[Mount]:
    """Yield the mounts on `target`, from the uppermost down to another's patch."""
    mount = _mount_of(vars(target).get("get_adapter"), target)
    while mount is not None:
        yield mount
        mount = _mount_of(mount.beneath, target)


def _get_adapter_of(mount: Mount) -> FunctionType:
    """Return the function that stands in place of `Session.get_adapter`.

    A plain function, bound to its session where it is put on one: that is what
    introspection, copies and pickles of a session expect there.
    """

    @functools.wraps(requests.Session.get_adapter, updated=())
    def get_adapter(session: requests.Session, *args: Any, **kwargs: Any) -> Any:
        adapter = mount.asked_of(session)(*args, **kwargs)
        if not mount.live:
            return adapter
        return mount.chosen(adapter, args[0] if args else kwargs.get("url"))

    setattr(get_adapter, _MARK, mount)
    return get_adapter  # type: ignore[return-value]


def _class_attribute(class_: type) -> Any:
    """Return `get_adapter` as it stands on the class, not bound to anything."""
    for ancestor in class_.__mro__:
        if "get_adapter" in ancestor.__dict__:
            return ancestor.__dict__["get_adapter"]
    raise AttributeError(f"{class_.__name__} has no get_adapter")


def _mount_of(attribute: object, target: Target) -> Mount | None:
    """Return the mount whose function `attribute` is, if it stands on `target`."""
    function = getattr(attribute, "__func__", attribute)
    if type(function) is not FunctionType:
        return None
    mount: Mount | None = vars(function).get(_MARK)
    # Who wraps a function copies its marks; a copied session shares attributes.
    if mount is None or mount.function is not function or mount.target is not target:
        return None
    return mount


def _restore(target: Target) -> None:
    """Take dead mounts off the top of `target`."""
    for mount in mounts_on(target):
        if mount.live:
            break
        _put(target, mount.beneath)


def _put(target: Target, attribute: Any) -> None:
    """Make `attribute` the `get_adapter` of `target`; None takes it away."""
    if attribute is None:
        del target.get_adapter
    else:
        setattr(target, "get_adapter", attribute)  # noqa: B010  # mypy: a method
