"""The small changes: each is one edit of a module's text, found in its syntax tree.

What cannot be wrong without a test of its own kind (the schema, which migrations guard; log lines; annotations) is
left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    # Not turned round: the bound itself is what tests forget.
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
# Without these nothing at all works, or the class is another thing.
STRUCTURAL = {
    "property",
    "cached_property",
    "classmethod",
    "staticmethod",
    "dataclass",
    "override",
    "overload",
}
# Which database, how much of a row and in how many pieces: a matter of several databases, of races and of speed.
UNTESTABLE_KEYWORDS = {"using", "update_fields", "batch_size", "maxsize", "strict", "robust", "flat"}
# The same, of a module: the work is the same in more pieces or fewer.
PIECES = {"BATCH", "LARGE_BATCH", "PAGE", "RANGE"}
LOGGERS = {"logger", "log", "logging"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `original` and `changed` are for people; `text` goes between the offsets `start` and `end`."""

    operator: str
    line: int
    where: str
    original: str
    changed: str
    start: int
    end: int
    text: str

    def applied_to(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(source: str) -> list[Mutant]:
    """In the order of the text; of swaps at most one for a line and operator. All of them are valid Python."""
    module = Module(source)
    found: dict[object, Mutant] = {}
    for node, where in module.nodes():
        for operator in OPERATORS:
            for mutant in operator(module, node, where):
                every_one = mutant.changed == DROPPED
                found.setdefault((mutant.line, mutant.operator, every_one and mutant.start), mutant)
    ordered = sorted(found.values(), key=lambda mutant: (mutant.start, mutant.operator))
    return [mutant for mutant in ordered if _is_valid(mutant.applied_to(source))]


DROPPED = "dropped"


class Module:
    """A module's text, its tree, and which offsets of the one are which nodes of the other."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def nodes(self) -> Iterator[tuple[ast.AST, str]]:
        return self._below(self.tree, "")

    def _below(self, node: ast.AST, where: str) -> Iterator[tuple[ast.AST, str]]:
        for child in _children(node):
            if _is_left_out(child, node):
                continue
            inner = f"{where}.{child.name}".lstrip(".") if isinstance(child, NAMED) else where
            yield child, inner
            yield from self._below(child, inner)

    def span(self, node: ast.AST) -> tuple[int, int]:
        at: ast.expr = node  # type: ignore[assignment]
        assert at.end_lineno is not None and at.end_col_offset is not None
        return self._offset(at.lineno, at.col_offset), self._offset(at.end_lineno, at.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        """The tree counts columns in bytes."""
        text = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(text)

    def replaced(self, operator: str, where: str, node: ast.AST, new: ast.AST | str) -> Mutant:
        text = new if isinstance(new, str) else ast.unparse(new)
        start, end = self.span(node)
        return Mutant(
            operator,
            node.lineno,  # type: ignore[attr-defined]
            where,
            original=_one_line(self.source[start:end]),
            changed=_one_line(text),
            start=start,
            end=end,
            text=text,
        )

    def dropped(self, operator: str, where: str, start: int, end: int, text: str = "") -> Mutant:
        """Without what stands there and the comma behind it. `text` takes its place."""
        original = _one_line(self.source[start:end])
        rest = self.source[end:]
        if not text and rest.lstrip().startswith(","):
            end += rest.index(",") + 1
        line = self.source.count("\n", 0, start) + 1
        return Mutant(operator, line, where, original, DROPPED, start, end, text)


NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Without annotations, which nothing reads."""
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            yield from (
                child
                for child in (value if isinstance(value, list) else [value])
                if isinstance(child, ast.AST)
            )


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.JoinedStr():
            return True  # texts; and before Python 3.12 what is inside them has no place of its own
        case ast.ClassDef(name="Meta"):
            return True
        case ast.Assign(value=ast.Call()) | ast.AnnAssign(value=ast.Call()) if isinstance(
            parent, ast.ClassDef
        ):
            return True  # a model's fields
        case ast.Assign(targets=[ast.Name(id="__slots__" | "__all__")]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()) if isinstance(parent, ast.Module):
            return name in PIECES
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assert():
            return True  # says what is so, to readers and to the type checker
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return name in LOGGERS
        case ast.Call(func=ast.Name(id="dataclass")):
            return True
        case ast.Constant(value=True | False) if isinstance(parent, ast.keyword):
            return True  # dropped as a whole
    return False


def keyword_dropped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """`filter(user=user, ended_at__isnull=True)` -> `filter(user=user, )`: somebody else's rows."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg and keyword.arg not in UNTESTABLE_KEYWORDS:
                yield module.dropped("keyword", where, *module.span(keyword))


def entry_dropped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """Of a dict, set or list: a guard names one thing less, a record says less."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                yield module.dropped("entry", where, module.span(key)[0], module.span(value)[1])
    for element in _elements(module, node):
        yield module.dropped("entry", where, *module.span(element))


def _elements(module: Module, node: ast.AST) -> list[ast.expr]:
    """Of a collection that stays one of its kind without one of them: a pair in parentheses would not."""
    match node:
        case ast.Set(elts=elements) | ast.List(elts=elements) if len(elements) > 1:
            return elements
        case ast.Tuple(elts=elements, ctx=ast.Load()) if len(elements) > 2:
            return elements if module.source[module.span(node)[0]] == "(" else []
    return []


def condition_negated(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, "test", None)]
    if isinstance(node, ast.If | ast.IfExp | ast.While | ast.comprehension):
        for test in tests:
            turned_round = isinstance(test, ast.Compare) and not isinstance(
                test.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE
            )
            if test is not None and not turned_round:
                start, end = module.span(test)
                yield module.replaced("condition", where, test, f"(not ({module.source[start:end]}))")


def and_or_swapped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield module.replaced("and/or", where, node, ast.BoolOp(other, node.values))


def operand_dropped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """`if is_staff or is_superuser` -> `if is_superuser`: one of several guards is gone."""
    if isinstance(node, ast.BoolOp):
        neutral = "True" if isinstance(node.op, ast.And) else "False"
        for operand in node.values:
            if not isinstance(operand, ast.Constant):
                yield module.dropped("operand", where, *module.span(operand), neutral)


def comparison_swapped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare) and (other := OPPOSITES.get(type(node.ops[0]))):
        yield module.replaced(
            "comparison", where, node, ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators)
        )


def early_exit_removed(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """`return`, `raise` and `continue` where a condition leads to them."""
    if isinstance(node, ast.If | ast.ExceptHandler):
        for block in (node.body, getattr(node, "orelse", [])):
            if block and isinstance(block[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
                yield module.dropped("early exit", where, *module.span(block[-1]), "pass")


def decorator_dropped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    for decorator in getattr(node, "decorator_list", []):
        name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if not STRUCTURAL & set(name.split(".")):
            start, end = module.span(decorator)
            start = module.source.rindex("@", 0, start)
            yield module.dropped("decorator", where, start, end, "# no decorator")


def number_changed(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """By one; True becomes False."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield module.replaced("truth", where, node, str(not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield module.replaced("number", where, node, str(node.value + 1))


def statement_dropped(module: Module, node: ast.AST, where: str) -> Iterator[Mutant]:
    """A call whose result nobody wants does something."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() as call) if not _is_left_out(call, node):
            yield module.dropped("statement", where, *module.span(node), "pass")


OPERATORS: tuple[Callable[[Module, ast.AST, str], Iterator[Mutant]], ...] = (
    keyword_dropped,
    entry_dropped,
    condition_negated,
    and_or_swapped,
    operand_dropped,
    comparison_swapped,
    early_exit_removed,
    decorator_dropped,
    number_changed,
    statement_dropped,
)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_valid(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
