"""Django's settings for the tests: those of an installation, with what the environment would say.

Sign-in takes a second factor in production; tests of the pages begin signed in, those of the
accounts switch it on. Password hashing is the real one only where it is tested.
"""

import os
import tempfile
from pathlib import Path

_HERE = Path(tempfile.gettempdir()) / f"gradatim-tests-{os.getpid()}"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_HERE}.sqlite")
os.environ.setdefault("GRADATIM_SECRET_KEY", "only-for-tests-R2m8vQxK4tZpWc7LhYb3NsJd9GfUe6Aa0PqT5")
os.environ.setdefault("GRADATIM_KEYS", f"{_HERE}.keys")
os.environ.setdefault("GRADATIM_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("GRADATIM_PLAIN_HTTP", "1")
os.environ.setdefault("GRADATIM_TIME_ZONE", "Asia/Shanghai")
# Playwright keeps an event loop in the thread of the tests; nothing else runs in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from gradatim.web.settings import *  # noqa: E402, F403

DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"  # noqa: F405
"""In memory. Of an engine with a name of its own pytest would take a file for each process."""
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
SIGNING_KEY_COST = (1, 8, 1)
SECOND_FACTOR_REQUIRED = False
REQUESTS_PER_MINUTE = WRITES_PER_MINUTE = 1_000_000
"""A test asks more in a minute than a person does."""

# pytest shows the records of a test that fails. A handler with a stream of its own would hold the
# one that pytest closes, and whatever is logged at exit (by Spark's bridge) would be an error.
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "INFO"}}
