"""What of a syntax tree counts for a fingerprint, and which names it binds and reads (verso.fingerprint.graph)."""

import ast
from collections.abc import Iterable, Iterator, Mapping

UNREAD = {"__version__", "__author__"}
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# What these decorate is not looked at by its annotations
BLIND_TO_ANNOTATIONS = {
    "cache", "cached_property", "lru_cache", "contextmanager", "property", "staticmethod", "classmethod", "abstractmethod",
    "override", "setter", "no_grad", "inference_mode",
}  # fmt: skip
LOG_METHODS = {"debug", "info", "warning", "error"}
CALLED_IN_MESSAGES = {"len", "str", "round", "items", "values", "format"}  # `sum` would use up an iterator
LOGS = "verso.jobs.logs"  # its `progress` shows a label, and total and unit, beside the items
MESSAGES = {"verso.errors.VersoError"}  # exceptions whose message ends the job: it is part of no result


class Stripped(ast.NodeTransformer):
    """Takes out what cannot change a result: docstrings, messages to a logger, labels of progress bars, the messages of errors
    that end the job, annotations of functions and of local names.

    loggers: names that are bound to a logger. imported: what the module's own imports bind, as dotted names. A message to a
    logger whose text calls a function that is not known to be harmless stays.
    """

    def __init__(self, loggers: set[str], imported: Mapping[str, str]) -> None:
        self._loggers, self._imported, self._depth = loggers, imported, 0
        self._local: list[set[str]] = []  # names that the functions around bind for themselves

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Without texts that stand alone, and messages."""
        if isinstance(node.value, ast.Constant) or self._is_message(node.value):
            return None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Without annotations, unless a decorator may read them."""
        decorators = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
        if all((chain_of(one) or "").split(".")[-1] in BLIND_TO_ANNOTATIONS for one in decorators):
            node.returns = None
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
        self._depth += 1
        self._local.append(_local_names(node))
        stripped = self.generic_visit(node)
        self._local.pop()
        self._depth -= 1
        return stripped

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Annotations of local names are never evaluated."""
        if self._depth and isinstance(node.target, ast.Name):
            node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Its annotations may make its fields."""
        depth, self._depth = self._depth, 0
        stripped = self.generic_visit(node)
        self._depth = depth
        return stripped

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """What stands under TYPE_CHECKING is never executed."""
        if (chain_of(node.test) or "").split(".")[-1] == "TYPE_CHECKING":
            found = [self.visit(statement) for statement in node.orelse]
            return [statement for statement in found if statement is not None]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Of a progress bar only its items."""
        if self._stands_for(node.func) == f"{LOGS}.progress" and all(map(_has_no_effect, [*node.args[1:], *node.keywords])):
            node.args, node.keywords = node.args[:1], [one for one in node.keywords if one.arg in ("items", None)]
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Without the message of an error that ends the job."""
        if isinstance(node.exc, ast.Call) and self._stands_for(node.exc.func) in MESSAGES:
            node.exc.args, node.exc.keywords = [], []
        return self.generic_visit(node)

    def _stands_for(self, function: ast.expr) -> str | None:
        """The dotted name of what an import of the module bound, unless a function around binds the name for itself."""
        root, _, rest = (chain_of(function) or "").partition(".")
        if any(root in names for names in self._local) or root not in self._imported:
            return None
        return ".".join(filter(None, (self._imported[root], rest)))

    def _is_message(self, node: ast.expr) -> bool:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS):
            return False
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in self._loggers):
            return False
        if any(node.func.value.id in names for names in self._local):
            return False
        return all(map(_has_no_effect, [*node.args, *(keyword.value for keyword in node.keywords)]))


def _has_no_effect(node: ast.AST) -> bool:
    """Whether an expression calls nothing but what is known to change nothing."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", None)
            if name not in CALLED_IN_MESSAGES:
                return False
    return True


def top_level(content: bytes, is_driver: bool) -> tuple[list[ast.stmt], set[str]]:
    """The statements of a file that count, stripped, and every name that is read anywhere in it, annotations included.

    What stands under `__name__ == "__main__"` counts of a driver alone. Raises SyntaxError for a relative import, which is
    not followed.
    """
    tree = ast.parse(content)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            raise SyntaxError(f"line {node.lineno}: a relative import; name the module in full")
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    loggers = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        and chain_of(statement.value.func) == "logging.getLogger"
        for target in statement.targets
        if isinstance(target, ast.Name)
    }  # fmt: skip
    imports = [one for statement in tree.body for one in imports_of(statement)]
    imported = {bound: ".".join(filter(None, (module, name))) for bound, module, name in imports}
    body = Stripped(loggers, imported).visit(tree).body
    return [statement for statement in body if not _never_counts(statement) and (is_driver or not _is_main(statement))], read


def _never_counts(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Assign) and all(isinstance(t, ast.Name) and t.id in UNREAD for t in statement.targets)
    )


def _is_main(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and ast.unparse(statement.test) in ("__name__ == '__main__'", "'__main__' == __name__")
        and not statement.orelse
    )


def chain_of(node: ast.AST) -> str | None:
    """`a.b.c` of a name and its attributes; None for another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def imports_of(node: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    """Of an import statement each name that it binds, the module, and the name there; `a` for `import a.b`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name, None) if alias.asname else (alias.name.split(".")[0], alias.name.split(".")[0], None)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield from ((alias.asname or alias.name, node.module, alias.name) for alias in node.names)


def modules_of(node: ast.AST) -> Iterator[str]:
    """The modules that an import statement may import, without the packages around them."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def bound_names(node: ast.AST) -> list[str]:
    """The names that a statement binds (or deletes) where it stands, not in the scopes within it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    found = [name for name, _, _ in imports_of(node)]
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        found.append(node.id)
    elif (isinstance(node, ast.ExceptHandler) and node.name) or (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name):
        found.append(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        found.append(node.rest)
    comprehension = isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
    if not comprehension and not isinstance(node, ast.Lambda):
        found += [name for inner in ast.iter_child_nodes(node) for name in bound_names(inner)]
    return found


def dotted_names(node: ast.AST) -> Iterator[str]:
    """The dotted names that a statement reads, or writes by `global`, but for those that a function binds for itself."""
    if isinstance(node, ast.Global):
        yield from node.names
    elif isinstance(node, ast.Attribute) and (chain := chain_of(node)):
        yield chain
    elif isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, SCOPES):
        for part in (
            *getattr(node, "decorator_list", []),
            *node.args.defaults,
            *node.args.kw_defaults,
            getattr(node, "returns", None),
        ):
            yield from dotted_names(part) if part is not None else ()
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg) and argument.annotation is not None:
                yield from dotted_names(argument.annotation)
        body: Iterable[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        local = _local_names(node)
        yield from (name for inner in body for name in dotted_names(inner) if name.split(".")[0] not in local)
    else:
        for inner in ast.iter_child_nodes(node):
            yield from dotted_names(inner)


def evaluated_names(node: ast.stmt) -> Iterator[str]:
    """The dotted names that a definition reads where it stands; the body of a function is read when it is called."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts: list[ast.AST | None] = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
        yield from (name for part in parts if part is not None for name in dotted_names(part))
    elif isinstance(node, ast.ClassDef):
        yield from (name for part in (*node.decorator_list, *node.bases, *node.keywords) for name in dotted_names(part))
        yield from (name for inner in node.body for name in evaluated_names(inner))
    else:
        yield from dotted_names(node)


def _local_names(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Arguments of a function, and the names that it binds otherwise than by importing."""
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    local = {argument.arg for argument in arguments if argument is not None}
    if isinstance(node, ast.Lambda):
        return local
    body = [inner for statement in node.body for inner in ast.walk(statement)]
    elsewhere = {name for inner in body if isinstance(inner, ast.Global | ast.Nonlocal) for name in inner.names}
    imported = {name for inner in body for name, _, _ in imports_of(inner)}
    return (local | {name for statement in node.body for name in bound_names(statement)}) - elsewhere - imported
