"""Stand between a client and a method of its own, and leave without a trace.

Not pure: sets and restores an attribute of a client or of its class, such as the
`get_adapter` of a session of requests. Knows nothing of what is done there. What
stands beneath is looked up at each call, so that a patch made
later to the class works as it would without us; what stands above is left alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakSet, ref

Target = Any
"""A client, or a class of clients."""
Around = Callable[..., Any]
"""Called in place of the method: with the method, then what that was called with."""
Chosen = Callable[[Any, object], Any]
"""Given a sender and the URL asked for, returns what shall send."""

_MARK = "_agcod_mount"


class Mount:
    """One guard's place among the methods of one name on a client or a class.

    Attributes:
        name: The method.
        around: Called in its place.
        live: False once dismounted; the method is then called as it is.
        beneath: The attribute that stood there before; None if there was none.
        function: What stands there now, bound to the client if it is one.
    """

    __slots__ = (
        "__weakref__",
        "_on_class",
        "_target",
        "around",
        "beneath",
        "function",
        "live",
        "name",
    )

    def __init__(self, target: Target, name: str, around: Around) -> None:
        self.name, self.around, self.live = name, around, True
        self.beneath = vars(target).get(name)
        self._target, self._on_class = ref(target), isinstance(target, type)
        self.function = function = _method_of(self, target)
        _put(target, name, function if self._on_class else MethodType(function, target))

    @property
    def target(self) -> Target | None:
        """The client or class it was put on; None if the client is gone."""
        return self._target()

    def dismount(self) -> None:
        """Let calls pass, and restore what no live mount covers."""
        self.live = False
        target = self._target()
        if target is not None:
            _restore(target, self.name)

    def asked_of(self, client: object) -> Any:
        """Return the method of `client` as if this mount were not there."""
        attribute = self.beneath
        if attribute is None:
            attribute = _class_attribute(type(client), self.name)
        elif not self._on_class:
            return attribute
        if type(attribute) is FunctionType:
            return MethodType(attribute, client)
        bind = getattr(type(attribute), "__get__", None)
        return attribute if bind is None else bind(attribute, client, type(client))


class Mounts:
    """All that one guard has mounted by one name.

    Args:
        name: The method.
        around: Called in its place.
    """

    def __init__(self, name: str, around: Around) -> None:
        self._name, self._around = name, around
        self._mine: WeakSet[Mount] = WeakSet()
        # A mount that another's patch has thrown out may be gone already.
        self._targets: dict[int, ref[Any]] = {}

    def put_on(self, target: Target) -> None:
        """Mount on `target`, unless that is done already and to be seen there."""
        mine, key = tuple(self._mine), id(target)
        self._targets[key] = ref(target, lambda _: self._targets.pop(key, None))
        if not any(mount in mine for mount in mounts_on(target, self._name)):
            self._mine.add(Mount(target, self._name, self._around))

    def take_off(self, target: Target | None) -> None:
        """Leave `target` as it was before."""
        self._targets.pop(id(target), None)
        for mount in tuple(self._mine):
            if mount.target is target:
                self._mine.discard(mount)
                mount.dismount()

    def take_off_all(self) -> None:
        """Leave everything as it was before."""
        self._targets.clear()
        for mount in tuple(self._mine):
            self.take_off(mount.target)

    def __contains__(self, target: object) -> bool:
        """Return whether `put_on` was asked for it, and `take_off` not since."""
        kept = self._targets.get(id(target))
        return kept is not None and kept() is target


def choosing(chosen: Chosen) -> Around:
    """Return what to mount round a method that takes a URL and returns a sender."""

    def choose(beneath: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        sender = beneath(*args, **kwargs)
        return chosen(sender, args[0] if args else kwargs.get("url"))

    return choose


def mounts_on(target: Target, name: str) -> Iterator[Mount]:
    """Yield the mounts on `target`, from the uppermost down to another's patch."""
    mount = _mount_of(vars(target).get(name), target)
    while mount is not None:
        yield mount
        mount = _mount_of(mount.beneath, target)


def _method_of(mount: Mount, target: Target) -> FunctionType:
    """Return the function that stands in place of the client's own.

    A plain function, bound to its client where it is put on one: that is what
    introspection, copies and pickles of a client expect there.
    """
    class_ = target if isinstance(target, type) else type(target)

    @functools.wraps(_class_attribute(class_, mount.name), updated=())
    def method(client: object, *args: Any, **kwargs: Any) -> Any:
        beneath = mount.asked_of(client)
        if not mount.live:
            return beneath(*args, **kwargs)
        return mount.around(beneath, *args, **kwargs)

    setattr(method, _MARK, mount)
    return method  # type: ignore[return-value]


def _class_attribute(class_: type, name: str) -> Any:
    """Return `name` as it stands on the class, not bound to anything."""
    for ancestor in class_.__mro__:
        if name in ancestor.__dict__:
            return ancestor.__dict__[name]
    raise AttributeError(f"{class_.__name__} has no {name}")


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


def _restore(target: Target, name: str) -> None:
    """Take dead mounts off the top of `target`."""
    for mount in mounts_on(target, name):
        if mount.live:
            break
        _put(target, name, mount.beneath)


def _put(target: Target, name: str, attribute: Any) -> None:
    """Make `attribute` what stands there; None takes it away.

    On a client past its own `__setattr__`: that of aiohttp may warn.
    """
    own: Any = None if isinstance(target, type) else vars(target)
    if own is None and attribute is None:
        delattr(target, name)
    elif own is None:
        setattr(target, name, attribute)
    elif attribute is None:
        del own[name]
    else:
        own[name] = attribute
