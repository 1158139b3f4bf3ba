"""Which definitions of the library a driver reaches by name, and one hash of them all, blind to where they lie.

    driver ─► train ─► fit ─► Steps           what no arrow leads to does not count
                │       └───► HISTORY
                └───► write_csv

A definition is a top-level function, class or constant. Its hash is made of its syntax tree without comments, docstrings,
annotations of functions and log messages, and of the hashes of what its names stand for, through aliases and re-exports. Names
of modules are no part of it: a move, a split of a module or sorted imports change nothing; a name bound to another function does.

A statement at the top of a module that may do more than bind a name (a call, an unknown decorator, a loop), or that binds a name
which another binds as well, is an effect of its module. The effects of every module that is imported count, those of one module
in their order, modules in any (sorted imports change nothing).

What it does not see: data files that code reads, docstrings and signatures that code reads of itself (`__doc__`, `inspect`),
iterators of one module that another uses up while it is imported.
"""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from verso.fingerprint.modules import DRIVER, Definition, Import, Module
from verso.fingerprint.syntax import chain_of

# How a job is run, not what it computes: a new message or a new state of SLURM re-runs nothing and orphans no checkpoint
MACHINERY = (
    "verso.jobs.job", "verso.jobs.earlier", "verso.jobs.records", "verso.jobs.causes", "verso.jobs.logs",
    "verso.jobs.no_assistants", "verso.jobs.no_compiler", "verso.errors",
    "verso.machine.card_leases",
    "verso.machine.site", "verso.machine.memory", "verso.training.progress", "verso.jobs.run_lease",
    "verso.search.journal", "verso.search.lease",
)  # fmt: skip

OWN_NAMESPACE = {"globals", "vars", "locals", "eval", "exec"}  # who uses one may reach any name of its module
ANY_MODULE = {"importlib.import_module", "builtins.__import__", "sys.modules"}  # with a computed name they reach all modules


def _is_machinery(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in MACHINERY)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class CodeGraph:
    """The library's modules, parsed when they are first reached."""

    def __init__(self, library: Path) -> None:
        self._library = library
        self._modules: dict[str, Module | None] = {}
        self._hashes: dict[Definition, str] = {}
        self._targets: dict[Definition, list[tuple[str, Definition | str]]] = {}

    def fingerprint(self, driver: bytes) -> str:
        """Hash, in hexadecimal digits, of what the driver with this content executes. Raises SyntaxError."""
        module = Module(self, DRIVER, driver)
        whole = Definition(module, module.statements)
        effects = [definition for definition in self._reached(whole) if definition is definition.module.parts[1]]
        for definition in (whole, *effects):
            self._hash(definition)
        return _digest([self._hashes[whole], *sorted({self._hashes[definition] for definition in effects})])

    def _reached(self, start: Definition) -> list[Definition]:
        """All that is reached by name, and the effects of all modules that are imported on the way."""
        reached, waiting, modules = dict[Definition, None](), [start], set[str]()
        while waiting:
            definition = waiting.pop()
            if definition in reached:
                continue
            reached[definition] = None
            waiting += [target for _, target in self._targets_of(definition) if isinstance(target, Definition)]
            names = list(definition.modules)
            while names:
                name = names.pop()
                if name in modules or not self.is_ours(name):
                    continue
                modules.add(name)
                names += [name.rpartition(".")[0]] if "." in name else []
                if module := self.module(name):
                    names += module.modules
                    waiting += [module.parts[1]] if module.parts[1].statements else []
        return list(reached)

    def knows(self, module: str, name: str) -> bool:
        """Whether a module of the library defines a name, or takes it over from another."""
        found = self.module(module)
        return found is not None and (name in found.parts[0] or name in found.imports)

    def is_ours(self, name: str) -> bool:
        """Whether a dotted name is of the library."""
        return name.split(".")[0] == self._library.name

    def module(self, name: str) -> Module | None:
        """A module or package of the library; None for all else, and for machinery."""
        if name not in self._modules:
            base = self._library.joinpath(*name.split(".")[1:])
            files = (base.with_suffix(".py"), base / "__init__.py") if self.is_ours(name) and not _is_machinery(name) else ()
            path = next((path for path in files if path.is_file()), None)
            self._modules[name] = Module(self, name, path.read_bytes()) if path else None
        return self._modules[name]

    def class_of(self, module: Module, chain: str | None) -> tuple[Module, ast.ClassDef] | None:
        """The class of the library that a dotted name stands for in a module, through aliases and re-exports."""
        root, _, rest = (chain or "").partition(".")
        if root in module.classes:
            return None if rest else (module, module.classes[root])
        for found in reversed(module.imports.get(root, [])):
            whole = ".".join(filter(None, (found.name, rest)))
            parts = whole.split(".") if whole else []
            for length in range(len(parts), -1, -1):  # as much of it as names a module
                source = self.module(".".join([found.module, *parts[:length]]))
                if source is not None:
                    return self.class_of(source, ".".join(parts[length:])) if parts[length:] else None
        return None

    def _resolve(self, found: Import, rest: str) -> list[Definition | str]:
        """What a name that an import bound, followed by `rest`, stands for."""
        parts = [part for part in (*(found.name or "").split("."), *rest.split(".")) if part]
        if not self.is_ours(found.module):
            return [".".join(filter(None, (found.module, found.name)))]
        if _is_machinery(found.module) or (parts and _is_machinery(f"{found.module}.{parts[0]}")):
            return [f"machinery {'.'.join(parts)}"]
        module, (name, *further) = self.module(found.module), (*parts, "")
        if module is None:
            return [f"missing {found.module}"]
        if name in module.parts[0]:
            return [module.parts[0][name]]
        if name in module.imports:
            left = ".".join(part for part in further if part)
            return [target for one in module.imports[name] for target in self._resolve(one, left)]
        if name and (self.module(f"{found.module}.{name}") or _is_machinery(f"{found.module}.{name}")):
            return self._resolve(Import(f"{found.module}.{name}", None), ".".join(part for part in further if part))
        return self._all_of(module, set())  # the module itself, or a name by a star or a __getattr__ of it

    def _all_of(self, module: Module, seen: set[str]) -> list[Definition | str]:
        """Everything of a module, and of those whose names it takes over by a star."""
        if module.name in seen:
            return []
        seen.add(module.name)
        stars = [source for one in module.imports.get("*", []) if (source := self.module(one.module))]
        beyond = [target for source in stars for target in self._all_of(source, seen)]
        own = list[Definition | str](module.parts[0].values())
        named = [t for name, found in module.imports.items() if name != "*" for one in found for t in self._shallow(one)]
        return [*own, module.parts[1], *beyond, *named]

    def _shallow(self, found: Import) -> list[Definition | str]:
        """What a name of a module that is reached as a whole stands for; of a whole module only its name."""
        module = self.module(found.module)
        if module is not None and found.name in module.parts[0]:
            return [module.parts[0][found.name]]
        return []

    def _targets_of(self, definition: Definition) -> list[tuple[str, Definition | str]]:
        """What the names in a definition stand for: definitions of the library, or names of other modules."""
        if definition in self._targets:
            return self._targets[definition]
        self._targets[definition] = found = list[tuple[str, Definition | str]]()
        module = definition.module
        own, _ = ({}, None) if module.name == DRIVER else module.parts
        for chain in definition.names:
            root, _, rest = chain.partition(".")
            imports = dict.fromkeys([*definition.imports.get(root, []), *module.imports.get(root, [])])
            found += [(chain, target) for one in imports for target in self._resolve(one, rest)]
            if root in own and own[root] is not definition:
                found.append((chain, own[root]))
            if root in OWN_NAMESPACE and root not in module.bound:
                found += [(chain, target) for target in self._all_of(module, set()) if target is not definition]
            if not imports and root not in own:
                stars = [source for one in module.imports.get("*", []) if (source := self.module(one.module))]
                found += [(chain, target) for source in stars for target in self._all_of(source, set())]
            full = {".".join(filter(None, (one.module, one.name, rest))) for one in imports}
            full |= {f"builtins.{chain}"} if not imports and root not in own else set()
            if any(name == one or name.startswith(f"{one}.") for name in full for one in ANY_MODULE):
                named = _modules_named(definition, chain)
                modules = self._whole_library() if named is None else [one for name in named if (one := self.module(name))]
                found += [(chain, target) for one in modules for target in self._all_of(one, set())]
            if chain.endswith(".__subclasses__"):
                found += [(chain, target) for one in self._whole_library() for target in self._all_of(one, set())]
        return found

    def _whole_library(self) -> list[Module]:
        names = [
            ".".join(path.relative_to(self._library.parent).with_suffix("").parts) for path in sorted(self._library.rglob("*.py"))
        ]
        return [module for name in names if (module := self.module(name.removesuffix(".__init__")))]

    def _hash(self, start: Definition) -> None:
        """Hash a definition and all that it reaches; those that reach each other are hashed together (Tarjan 1972)."""
        index, low, stack = dict[Definition, int](), dict[Definition, int](), list[Definition]()
        calls = [(start, iter(self._reached_by(start)))] if start not in self._hashes else []
        for definition, _ in calls:
            index[definition] = low[definition] = 0
            stack.append(definition)
        while calls:
            definition, rest = calls[-1]
            for target in rest:
                if target in self._hashes:
                    continue
                if target in index:
                    low[definition] = min(low[definition], index[target])
                    continue
                index[target] = low[target] = len(index)
                stack.append(target)
                calls.append((target, iter(self._reached_by(target))))
                break
            else:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[definition])
                if low[definition] == index[definition]:
                    place = stack.index(definition)
                    self._hash_together(stack[place:])
                    del stack[place:]

    def _reached_by(self, definition: Definition) -> list[Definition]:
        return [target for _, target in self._targets_of(definition) if isinstance(target, Definition)]

    def _hash_together(self, circle: list[Definition]) -> None:
        """So many rounds that each hash has seen all of the circle."""
        within = dict.fromkeys(circle, "")
        for _ in circle:
            named = {one: sorted(self._named(pair, within) for pair in self._targets_of(one)) for one in circle}
            within = {one: _digest([one.text, *named[one]]) for one in circle}
        self._hashes.update(within)

    def _named(self, pair: tuple[str, Definition | str], within: dict[Definition, str]) -> str:
        chain, target = pair
        return f"{chain} {target if isinstance(target, str) else within.get(target) or self._hashes.get(target, '')}"


def _modules_named(definition: Definition, chain: str) -> list[str] | None:
    """The modules that a definition looks up by a text that stands there; None where it looks one up by anything else."""
    named, uses = [], sum(isinstance(node, ast.Name | ast.Attribute) and chain_of(node) == chain for node in definition.nodes)
    for node in definition.nodes:
        if isinstance(node, ast.Call) and chain_of(node.func) == chain and node.args:
            key: ast.expr | None = node.args[0]
        elif isinstance(node, ast.Subscript) and chain_of(node.value) == chain:
            key = node.slice
        else:
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            named.append(key.value)
    return named if len(named) == uses else None
