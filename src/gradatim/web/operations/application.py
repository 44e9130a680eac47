"""What may be served: one real trial, on tables that fit, with its state in memory beforehand."""

import logging
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from gradatim.conduct.personal import forget
from gradatim.conduct.sealing.adoption import adopt_first_key
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.core.collecting import collector_paused
from gradatim.core.errors import UnusableInput
from gradatim.web.clock import now
from gradatim.web.keyring import keyring, sealing_keys
from gradatim.web.live_trial import before_fork, running
from gradatim.web.operations.migrate import refuse_unmigrated

LOG = logging.getLogger("gradatim.seal")


def load_application() -> Any:
    """Give the WSGI application, ready to be forked: the trial is folded, no connection is open.

    Raises:
        UnusableInput: it may not be served.
    """
    with collector_paused():
        application = get_wsgi_application()
        from gradatim.web.accounts.attempts import forget_old
        from gradatim.web.accounts.second_factor import seal_anew

        refuse_unmigrated()
        refuse_unfit(running().trial.state)
        seal_from_now_on(running().trial)
        _ = get_resolver().url_patterns  # every page's code, in memory that the workers share
        forget(keyring(), running().trial.state)  # of those whose erasure was broken off
        call_command("clearsessions", verbosity=0)
        forget_old()
        seal_anew()
        prepare_to_fork()
    return application


def seal_from_now_on(trial: Trial) -> None:
    """Adopt the first key of a real trial; of one that is sealed, the key has to be here.

    A ledger to which others wrote is served, to be read: nothing is recorded in it.

    Raises:
        UnusableInput: the key is not here, or none can be made.
    """
    if trial.not_sealed is not None:
        LOG.error("%s", trial.not_sealed)
    elif trial.state.mode == "real" and (at := adopt_first_key(trial, sealing_keys(), now())):
        LOG.warning("entry %d adopts a key that seals the ledger from now on: copy it", at)


def prepare_to_fork() -> None:
    """Be ready to be forked.

    Raises:
        UnusableInput: the ledger cannot be read.
    """
    before_fork()
    connections.close_all()


def refuse_unfit(state: State) -> None:
    """Refuse a trial of the wrong kind: the demonstration asks for no second factor.

    Raises:
        UnusableInput: there is no such trial, or it is made up, or it is real in a demonstration.
    """
    if not state.position:
        raise UnusableInput(
            f"the ledger has no trial {state.trial}",
            "GRADATIM_TRIAL",
            todo="begin it with `gradatim trial begin`",
        )
    made_up = state.mode != "real"
    if made_up and not settings.DEMO:
        raise UnusableInput(
            f"this ledger is of a {_kind(state)} trial",
            state.trial,
            "its people are made up, and no real person may be added to them",
            "give the ledger of a real trial, or look at this one with `gradatim ledger log`",
        )
    if settings.DEMO and not made_up:
        raise UnusableInput(
            "this ledger is of a real trial",
            state.trial,
            "GRADATIM_DEMO=1 switches the second factor off",
            "unset GRADATIM_DEMO",
        )


def _kind(state: State) -> str:
    return {"demo": "demonstration's", "simulated": "simulated"}.get(state.mode, state.mode)
