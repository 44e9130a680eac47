"""A CQL library under construction: declarations in the order the grammar wants, each once.

Source: HL7 CQL 1.5, Author's Guide, chapter 2 ("Library"), and Appendix I (grammar).
"""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from gradatim.core.errors import Defect
from gradatim.exports.cql.functions import FUNCTIONS

_CALLED = re.compile(r'"([^"]+)"\(')


class CannotExpress(Exception):
    """A rule, or a part of it, that this export cannot say in CQL; the message says which."""


def name(text: str) -> str:
    """Quote an identifier."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def string(text: str) -> str:
    """Quote a string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def strings(texts: Iterable[str]) -> str:
    """Write a list of strings."""
    return "{ " + ", ".join(string(text) for text in texts) + " }"


def decimal(number: float) -> str:
    """Write a number as a CQL Decimal, which has at most eight decimal places."""
    written = f"{number:.8f}".rstrip("0")
    return written + "0" if written.endswith(".") else written


def comment(text: str) -> str:
    """Write a text as a comment that nothing in it can end."""
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, 96) or [""]]
    return "\n".join(f"// {line}".rstrip() for line in lines)


@dataclass
class Library:
    """What has been declared so far. Whatever is asked for is declared once, before its use."""

    systems: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    concepts: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    defined: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "Library":
        """Give a library with the same declarations, to which others can be added."""
        return Library(*(dict(getattr(self, one.name)) for one in fields(self)))

    def declare(self, kind: dict[str, str], title: str, text: str) -> str:
        """Declare something under a name.

        Raises:
            Defect: the name already stands for something else.
        """
        if kind.setdefault(title, text) != text:
            raise Defect(f"two things of the CQL library are named {title!r}")
        return name(title)

    def define(self, title: str, expression: str, told: str = "") -> str:
        """Define an expression; `told` is the comment above it."""
        head = f"{comment(told)}\n" if told else ""
        body = textwrap.indent(expression, "  ")
        return self.declare(self.defined, title, f"{head}define {name(title)}:\n{body}")

    def function(self, title: str, source: str = "") -> str:
        """Declare a function, one of the fixed ones or the one given, and those that it calls."""
        text = source or FUNCTIONS[title]
        for called in dict.fromkeys(_CALLED.findall(text)):
            if called != title and called in FUNCTIONS:
                self.function(called)
        return self.declare(self.functions, title, text)

    def parameter(self, title: str, of: str) -> str:
        """Declare a parameter with its type and, after `default`, its default."""
        return self.declare(self.parameters, title, f"parameter {name(title)} {of}")

    def system(self, title: str, uri: str) -> str:
        """Declare a code system."""
        return self.declare(self.systems, title, f"codesystem {name(title)}: {string(uri)}")

    def code(self, title: str, code: str, system: str) -> str:
        """Declare a code of a declared system."""
        return self.declare(self.codes, title, f"code {name(title)}: {string(code)} from {system}")

    def concept(self, title: str, codes: Iterable[str], display: str) -> str:
        """Declare a concept, the codes that mean the same."""
        listed = ",\n  ".join(codes)
        text = f"concept {name(title)}: {{\n  {listed}\n}} display {string(display)}"
        return self.declare(self.concepts, title, text)

    def declarations(self) -> str:
        """Give all that stands before `context`."""
        blocks = (self.systems, self.codes, self.concepts, self.parameters)
        return "\n\n".join("\n".join(block.values()) for block in blocks if block)

    def statements(self) -> str:
        """Give the functions and the definitions."""
        return "\n\n".join([*self.functions.values(), *self.defined.values()])
