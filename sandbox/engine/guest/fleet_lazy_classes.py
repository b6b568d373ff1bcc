"""Makes the argument and result classes of a generated package when they are first used.

``pulumi_aws.s3`` declares nearly 700 of them, of which a program uses a handful, and every module of a
resource takes them all: to make them is half of what a program's imports cost. Here their class statements
are kept, and each is carried out when something asks for its name: an attribute of a module, code or an
annotation. Programs see no difference.
"""

import builtins
import functools
import importlib
import importlib.machinery
from collections.abc import Callable
from types import ModuleType
from typing import Any

ARGUMENTS = "_inputs"
RESULTS = "outputs"
_DECORATORS = ("input_type", "output_type")


class ClassesLoader(importlib.machinery.SourceFileLoader):
    """Loads ``_inputs`` or ``outputs``, and keeps the class statements."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code but for the bodies of its classes."""
        _prepare_decorators()
        names = module.__dict__
        names["__builtins__"] = _Builtins(module, __build_class__=_Statement)
        super().exec_module(module)
        names["_statements"] = {name: value for name, value in names.items() if isinstance(value, _Statement)}
        for name in names["_statements"]:
            del names[name]
        module.__class__ = _Classes


class ResourceLoader(importlib.machinery.SourceFileLoader):
    """Loads a module that starts with ``from ._inputs import *``, without having the classes made."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code but for that import."""
        module.__class__ = _Resource
        module.__dict__["__builtins__"] = _Builtins(module, __import__=_import_but_arguments)
        super().exec_module(module)


class _Statement:
    """A class statement that has yet to be carried out. Called as ``builtins.__build_class__`` is."""

    def __init__(self, *statement: Any, **keywords: Any) -> None:
        self._statement = statement, keywords
        self.decorators: list[Callable[[type], type]] = []

    @functools.cached_property
    def made(self) -> type:
        (body, name, *bases), keywords = self._statement
        bases = [base.made if isinstance(base, _Statement) else base for base in bases]
        made: type = builtins.__build_class__(body, name, *bases, **keywords)
        for decorator in self.decorators:
            made = decorator(made)
        return made


@functools.cache
def _prepare_decorators() -> None:
    pulumi = importlib.import_module("pulumi")
    for name in _DECORATORS:
        setattr(pulumi, name, _keeping_statements(getattr(pulumi, name)))


def _keeping_statements(decorator: Callable[[type], type]) -> Callable[[Any], Any]:
    @functools.wraps(decorator)
    def keeping(decorated: Any) -> Any:
        if not isinstance(decorated, _Statement):
            return decorator(decorated)
        decorated.decorators.append(decorator)
        return decorated

    return keeping


class _Builtins(dict[str, Any]):
    """What code and annotations see beyond their module's own names: Python's, and the classes."""

    def __init__(self, module: ModuleType, **replaced: Any) -> None:
        super().__init__(vars(builtins), **replaced)
        self._module = module

    def __missing__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise KeyError(name) from None


class _Classes(ModuleType):
    _statements: dict[str, _Statement]

    def __getattr__(self, name: str) -> Any:
        if name not in self._statements:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return self.__dict__.setdefault(name, self._statements[name].made)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._statements})


def _import_but_arguments(
    name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0
) -> Any:
    if (name, fromlist, level) == (ARGUMENTS, ("*",), 1):
        return ModuleType(ARGUMENTS)
    return builtins.__import__(name, globals_, locals_, fromlist, level)


class _Resource(ModuleType):
    """Has the names of ``_inputs`` beside its own."""

    def __getattr__(self, name: str) -> Any:
        if name not in (arguments := self._arguments()).__all__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(arguments, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._arguments().__all__})

    def _arguments(self) -> Any:
        return importlib.import_module(f"{self.__name__.rpartition('.')[0]}.{ARGUMENTS}")
