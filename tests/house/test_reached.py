"""Every module is imported by the product itself: what only tests use is no feature."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"

BY_NAME: Mapping[str, str] = {
    "gradatim.cli.main": "the command `gradatim`, named in pyproject.toml",
    "gradatim.web.settings": "DJANGO_SETTINGS_MODULE",
    "gradatim.web.urls": "ROOT_URLCONF of the settings",
    "gradatim.web.wsgi": "the entry of a WSGI server",
    "gradatim.web.logs": "the formatter of LOGGING in the settings",
    "gradatim.web.api.urls": "included by its name in the addresses",
    "gradatim.web.api.require_https": "in MIDDLEWARE of the settings",
    "gradatim.web.accounts.apps": "in INSTALLED_APPS of the settings",
    "gradatim.web.accounts.stored_sessions": "SESSION_ENGINE of the settings",
    "gradatim.web.accounts.urls": "included by its name in the addresses",
    "gradatim.web.bounded_postgresql.base": "ENGINE of the settings is its package",
    "gradatim.web.forms.renderer": "FORM_RENDERER of the settings",
    "gradatim.web.operations.healthcheck": "run with python -m by the container's health check",
    "gradatim.web.private_sqlite.base": "ENGINE of the settings is its package",
    "gradatim.web.rate_limit_middleware": "in MIDDLEWARE of the settings",
    "gradatim.web.templatetags.counts": "loaded by templates",
    "gradatim.web.templatetags.said": "loaded by templates",
    "gradatim.synthetic.fhir_population": "made-up people for proofs that engines agree",
}
"""Modules that something else than an import names, and what does."""


def names(folder: Path = SOURCE) -> dict[str, Path]:
    """Give every module of the package by its dotted name."""
    return {_dotted(path.relative_to(folder)): path for path in folder.rglob("*.py")}


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of all that a module imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import names its module in full"
            yield node.module or ""
            yield from (f"{node.module}.{one.name}" for one in node.names)


def unreached() -> set[str]:
    """Give the modules, packages apart, that no other module of the product imports."""
    known = names()
    reached = {
        target
        for name, path in known.items()
        for target in imports(ast.parse(path.read_text("utf-8")))
        if target != name
    }
    return {
        name
        for name, path in known.items()
        if path.name != "__init__.py" and name not in reached and ".migrations." not in name
    }


def test_every_module_is_imported_by_another_of_the_product():
    """A module that fails here is wired where its users look for it, or deleted."""
    only_tests = sorted(unreached() - BY_NAME.keys())
    assert only_tests == [], f"no module of the product imports {', '.join(only_tests)}"


def test_what_is_named_otherwise_is_there_and_needs_its_line():
    stale = sorted(BY_NAME.keys() - unreached())
    assert stale == [], f"imported or gone, so without need of a line: {', '.join(stale)}"
