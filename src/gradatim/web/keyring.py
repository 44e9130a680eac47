"""The keys of this installation, beside the database and never in it: participants', sealing."""

import secrets

from django.conf import settings

from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.sealing.stores import SealingKeys


def keyring() -> Keyring:
    """Give the keys; their folder is made on first use.

    Raises:
        UnusableInput: the folder cannot be used.
    """
    return Keyring(settings.KEYS_FOLDER, secrets.token_bytes)


def keyring_or_none() -> Keyring | None:
    """Give the keys if there are any; their folder is not made to be looked into."""
    return keyring() if settings.KEYS_FOLDER.is_dir() else None


def sealing_keys() -> SealingKeys:
    """Return the keys that seal the ledgers of real trials."""
    return SealingKeys(settings.SEALING_FOLDER, secrets.token_bytes)
