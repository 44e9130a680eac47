"""How a page is made: one HTML file that needs nothing else, with everything in it escaped."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gradatim.protocol.questions import basis_words

_SCRIPTS = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js")


def page(template: str, **content: Any) -> str:
    """Fill a template of this package; text is escaped, a name that is not given is an error."""
    return _environment().get_template(template).render(**content)


def charted_page(template: str, specs: Mapping[str, Any], **content: Any) -> str:
    """Fill a template that draws charts; only the scripts in it may run.

    Args:
        template: one that extends or is laid out as `charted.html.j2`.
        specs: Vega-Lite specifications by the name of their place in the page.
        content: what else the template needs.
    """
    scripts = [*_vendored(), _drawing()]
    return page(
        template,
        charts=list(specs),
        data=_json(specs),
        scripts=scripts,
        policy=" ".join(_hash(one) for one in scripts),
        **content,
    )


def _json(specs: Mapping[str, Any]) -> str:
    """Write data for a script element: nothing in it can end the element."""
    text = json.dumps(specs, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=1)
def _vendored() -> tuple[str, ...]:
    """Give Vega's scripts without the comments that point to their source maps."""
    read = PackageLoader("gradatim", "reports/vega").get_source
    texts = [read(Environment(autoescape=True), name)[0] for name in _SCRIPTS]
    return tuple(re.sub(r"\n?//# sourceMappingURL=\S+\s*\Z", "", text) for text in texts)


@lru_cache(maxsize=1)
def _drawing() -> str:
    """Give the page's own script."""
    loader = PackageLoader("gradatim", "reports/vega")
    return loader.get_source(Environment(autoescape=True), "charts.js")[0]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gradatim", "reports/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_string"] = css_string
    environment.filters["basis_words"] = basis_words
    return environment


def css_string(text: str) -> str:
    """Write text for a quoted string in a style sheet: every character as its code point.

    HTML escaping does not hold inside `<style>`; digits and backslashes need none.
    """
    return "".join(f"\\{ord(character):06x}" for character in text)
