"""Name the tools that stand beneath the guard, where what they add is not seen.

Not pure: looks at classes as they stand in this process. A tracer that patches the
sending itself adds its headers after the guard has looked: Amazon gets them, and
the sample of the packet does not show them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType, MethodType


def unseen_tools(senders: Iterable[type]) -> Iterator[str]:
    """Yield, for each tool that has patched one of `senders`, what that means.

    Args:
        senders: Classes that send what the guard has seen.
    """
    for tool, method in _patches(senders).items():
        yield (
            f"{tool} stands beneath the guard ({method}): headers that it adds there "
            "are sent, but do not stand in the packet's sample; name them when Amazon "
            "asks what was sent, or have it leave AGCOD's hosts alone"
        )


def _patches(senders: Iterable[type]) -> dict[str, str]:
    """Return the first method that each tool has patched, by the tool's package."""
    found: dict[str, str] = {}
    for sender in senders:
        for name, attribute in vars(sender).items():
            tool = _package(_origin(attribute))
            if tool not in (_package(sender.__module__), *sys.stdlib_module_names, ""):
                found.setdefault(tool, f"{sender.__module__}.{sender.__name__}.{name}")
    return found


def _origin(attribute: object) -> str:
    """Return the module whose code runs for a method; empty if it cannot be told.

    Wrappers copy the names of what they wrap, but not its globals. Those of wrapt
    pass for what they wrap in every respect, and keep their own function aside.
    """
    if type(attribute) is FunctionType:
        return str(attribute.__globals__.get("__name__", ""))
    wrapper = getattr(attribute, "_self_wrapper", None)
    if isinstance(wrapper, functools.partial):
        wrapper = wrapper.func
    if isinstance(wrapper, MethodType):
        wrapper = wrapper.__func__
    return _origin(wrapper) if type(wrapper) is FunctionType else ""


def _package(module: str) -> str:
    return module.partition(".")[0]
