"""A module's top-level statements, sorted into definitions, which count where they are reached, and effects, which always count.

A definition only binds a name to a function, a class or a value. A statement that may do more (a call, an unknown decorator, a
loop), or that binds a name which another statement binds as well, is an effect.
"""

import ast
import builtins
import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from verso.fingerprint.syntax import bound_names, chain_of, dotted_names, evaluated_names, imports_of, modules_of, top_level

DRIVER = "the driver"

# Calls of these at the top of a module make a value and change nothing else
HARMLESS_MODULES = {
    "abc", "collections", "contextlib", "dataclasses", "enum", "itertools", "math", "numpy", "pathlib", "pydantic", "re",
    "string", "threading", "types", "typing",
}  # fmt: skip
HARMFUL = {"numpy.random", "threading.excepthook", "threading.settrace", "threading.setprofile"}  # parts of them that are not
CALLING = {"sorted", "min", "max"}  # with a key they call it
HARMLESS_CALLS = {
    "frozenset", "set", "dict", "list", "tuple", "range", "len", "sorted", "min", "max", "sum", "str", "int", "float", "bool",
    "zip", "enumerate", "abs", "round", "property", "staticmethod", "classmethod", "reversed", "bytes", "torch.no_grad",
    "torch.inference_mode", "functools.cache", "functools.cached_property", "functools.lru_cache", "functools.partial",
    "functools.total_ordering", "functools.wraps", "logging.getLogger", "operator.attrgetter", "operator.itemgetter",
    "operator.methodcaller", "uuid.UUID",
}  # fmt: skip
HARMLESS_METHODS = {"items", "keys", "values", "join", "format", "split", "strip", "lower", "upper", "get", "resolve", "setter"}
MAKERS = {"__new__", "__init__", "__post_init__"}


@dataclass(frozen=True)
class Import:
    """What an import binds: a module, or (where it has one) that `name` of it."""

    module: str
    name: str | None


def _all_imports(statements: Iterable[ast.AST]) -> dict[str, list[Import]]:
    """What import statements bind, by name."""
    found: dict[str, list[Import]] = {}
    for statement in statements:
        for bound, module, name in imports_of(statement):
            found.setdefault(bound, []).append(Import(module, name))
    return found


class Library(Protocol):
    """What a module must know of the others (verso.fingerprint.graph.CodeGraph)."""

    def is_ours(self, name: str) -> bool:
        """Whether a dotted name is of the library."""

    def class_of(self, module: "Module", chain: str | None) -> tuple["Module", ast.ClassDef] | None:
        """The class of the library that a dotted name stands for in a module."""


class Definition:
    """Statements that count together: one function, class or constant, or the effects of a module."""

    def __init__(self, module: "Module", statements: list[ast.stmt]) -> None:
        self.module, self.statements = module, statements

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of its syntax trees."""
        return [node for statement in self.statements for node in ast.walk(statement)]

    @cached_property
    def names(self) -> list[str]:
        """The dotted names that it reads."""
        return sorted({name for statement in self.statements for name in dotted_names(statement)})

    @cached_property
    def imports(self) -> dict[str, list[Import]]:
        """What imports within it bind."""
        return _all_imports(self.nodes)

    @cached_property
    def modules(self) -> list[str]:
        """The modules that imports within it may import."""
        return [name for node in self.nodes for name in modules_of(node)]

    @cached_property
    def text(self) -> str:
        """Its syntax trees without imports, for what they bind counts; one that binds what is never read has an effect."""
        unread = [one.module for name, found in self.imports.items() for one in found if name not in self.module.read]
        statements = self.statements
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in self.nodes):  # a copy takes longer than all else here
            statements = [_WithoutImports().visit(copy.deepcopy(statement)) for statement in statements]
        trees = map(ast.dump, statements)
        return "\n".join([*trees, *(f"import {name}" for name in sorted(unread) if not self.module.graph.is_ours(name))])


class _WithoutImports(ast.NodeTransformer):
    def visit_Import(self, node: ast.Import) -> ast.AST:
        return ast.Pass()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        return ast.Pass()


class Module:
    """A parsed file of the library, or the driver."""

    def __init__(self, graph: "Library", name: str, content: bytes) -> None:
        self.graph, self.name = graph, name
        self.statements, self.read = top_level(content, is_driver=name == DRIVER)
        self.imports = _all_imports(self.statements)
        self.classes = {node.name: node for node in self.statements if isinstance(node, ast.ClassDef)}
        self.bound = {name for statement in self.statements for name in bound_names(statement)}

    @cached_property
    def parts(self) -> tuple[dict[str, Definition], Definition]:
        """Its definitions by the names that they bind, and its effects."""
        bindings = {(name, one) for name, found in self.imports.items() for one in found}
        counts = Counter(name for name, _ in bindings)
        others = [statement for statement in self.statements if not isinstance(statement, ast.Import | ast.ImportFrom)]
        counts.update(name for statement in others for name in bound_names(statement))
        definitions, effects = dict[str, Definition](), Definition(self, [])
        for statement in self.statements:
            names, is_import = bound_names(statement), isinstance(statement, ast.Import | ast.ImportFrom)
            once = all(counts[name] == 1 for name in names)
            if is_import and once:
                continue
            # What it evaluates here and now may be another value further down
            rebound = any(counts[name.split(".")[0]] > 1 for name in evaluated_names(statement))
            alone = once and bool(names) and not rebound and self.is_inert(statement)
            definition = Definition(self, [statement]) if alone else effects
            if not alone:
                effects.statements.append(statement)
            definitions.update((name, definition) for name in names if not is_import)
        for name, found in self.imports.items():
            unread = [one.module for one in found if name not in self.read and not self.graph.is_ours(one.module)]
            effects.statements += [ast.Import([ast.alias(module)]) for module in sorted(unread)]
        return definitions, effects

    @property
    def modules(self) -> list[str]:
        """The modules that are imported while this one is."""
        return [name for statement in self.statements for name in modules_of(statement)] + self.parts[1].modules

    def _elsewhere(self, expression: ast.expr) -> str | None:
        """The full name of what an expression such as `re.compile` stands for, if that is not of this library."""
        root, _, rest = (chain_of(expression) or "").partition(".")
        if root in self.imports:
            found = self.imports[root][-1]
            return None if self.graph.is_ours(found.module) else ".".join(filter(None, (found.module, found.name, rest)))
        return root if root and root not in self.bound and not rest and hasattr(builtins, root) else None

    def _is_harmless(self, function: ast.expr) -> bool:
        """Whether a call of it makes a value and changes nothing else."""
        if (name := self._elsewhere(function)) is not None:
            harmful = any(name == one or name.startswith(f"{one}.") for one in HARMFUL)
            return name in HARMLESS_CALLS or (name.split(".")[0] in HARMLESS_MODULES and not harmful)
        if isinstance(function, ast.Attribute) and (
            function.attr in HARMLESS_METHODS or isinstance(function.value, ast.Call | ast.Constant)
        ):
            return self.is_inert(function.value)
        found = self.graph.class_of(self, chain_of(function))
        return found is not None and _is_record(found[1])

    def is_inert(self, node: ast.AST | None) -> bool:
        """Whether running it only binds names to values, functions and classes, and does the same wherever it stands."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hook = node in self.statements and node.name.startswith("__")  # __getattr__ of a module answers for any name
            return not hook and self._are_inert([*node.args.defaults, *node.args.kw_defaults], node.decorator_list)
        if isinstance(node, ast.ClassDef):
            values = [*node.bases, *(keyword.value for keyword in node.keywords), *node.body]
            imports = any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)
            return not imports and not self._has_hooks(node) and self._are_inert(values, node.decorator_list)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            plain = all(isinstance(inner, ast.Name | ast.Tuple | ast.Store) for target in targets for inner in ast.walk(target))
            return plain and self._are_inert([node.value, getattr(node, "annotation", None)])
        if isinstance(node, ast.stmt):
            return isinstance(node, ast.Pass)
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(node, ast.Call) and not self._is_harmless(node.func):
            return False
        if isinstance(node, ast.Call) and chain_of(node.func) in CALLING and node.keywords:
            return False
        if isinstance(node, ast.Lambda):
            return self._are_inert([*node.args.defaults, *node.args.kw_defaults])
        return node is None or self._are_inert(ast.iter_child_nodes(node))

    def _are_inert(self, nodes: Iterable[ast.AST | None], decorators: Iterable[ast.expr] = ()) -> bool:
        decorated = all(self.is_inert(node) if isinstance(node, ast.Call) else self._is_harmless(node) for node in decorators)
        return decorated and all(map(self.is_inert, nodes))

    def _has_hooks(self, node: ast.ClassDef) -> bool:
        """Whether a class of the library that it comes from has a word in how its subclasses are made."""
        for base in node.bases:
            found = self.graph.class_of(self, chain_of(base))
            if found and ("__init_subclass__" in _methods(found[1]) or found[1].keywords or found[0]._has_hooks(found[1])):
                return True
        return False


def _methods(node: ast.ClassDef) -> set[str]:
    return {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}


def _is_record(node: ast.ClassDef) -> bool:
    """A dataclass or a NamedTuple that is made by what its fields say alone."""
    decorators = [chain_of(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list]
    plain = "dataclass" in decorators or "NamedTuple" in [chain_of(base) for base in node.bases]
    return plain and not _methods(node) & MAKERS
