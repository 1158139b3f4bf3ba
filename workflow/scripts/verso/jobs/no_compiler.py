"""Keeps PyTorch's compiler from being imported where nothing is compiled: 1.2 s of each training's start on a core of 2024.

An optimiser imports torch._dynamo for two calls alone. `disable(function)` exempts a function from compilation, and
`graph_break()` does nothing outside compiled code. A stand-in answers these two; whoever wants more of torch._dynamo gets the
module itself.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"


class _StandIn(ModuleType):
    """Answers as torch._dynamo does where nothing is compiled."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Nothing to break."""

    @staticmethod
    def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, **_: Any) -> Callable[..., Any]:
        """The function itself, or with none a decorator that changes nothing."""
        return fn if fn is not None else lambda function: function

    def __getattr__(self, name: str) -> Any:
        """The module's own attribute; it is imported, and takes its place."""
        if name.startswith("__") and name != "__path__":  # `inspect` looks for these in every module that is loaded
            raise AttributeError(name)
        if sys.modules.get(COMPILER) is self:
            del sys.modules[COMPILER]
        return getattr(importlib.import_module(COMPILER), name)


def import_no_compiler() -> None:
    """From now on an optimiser imports no torch._dynamo. Nothing changes where that is imported already."""
    sys.modules.setdefault(COMPILER, _StandIn(COMPILER))
