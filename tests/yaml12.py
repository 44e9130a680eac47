"""Read tables written in YAML 1.2: `on` and `no` are words, dates are text."""

import re

import yaml


class Yaml12Loader(yaml.SafeLoader):
    """A safe loader that knows null, true and false, and numbers; all else is text."""


Yaml12Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"(?:~|null|)\Z", ["~", "n", ""]),
    ("bool", r"(?:true|false)\Z", list("tf")),
    ("int", r"[-+]?\d+\Z", list("-+0123456789")),
    ("float", r"[-+]?\d+\.\d+\Z", list("-+0123456789")),
):
    Yaml12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
