"""The participants' keys of this installation: beside the database, never in it."""

import secrets

from django.conf import settings

from gradatim.conduct.keyring.stores import Keyring


def keyring() -> Keyring:
    """Give the keys; their folder is made on first use.

    Raises:
        UnusableInput: the folder cannot be used.
    """
    return Keyring(settings.KEYS_FOLDER, secrets.token_bytes)


def keyring_or_none() -> Keyring | None:
    """Give the keys if there are any; their folder is not made to be looked into."""
    return keyring() if settings.KEYS_FOLDER.is_dir() else None
