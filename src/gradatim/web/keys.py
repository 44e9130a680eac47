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
