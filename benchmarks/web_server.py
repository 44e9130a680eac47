"""The server that `web_load` measures: that of `gradatim serve`, as the environment says."""

import os
import sys


def main() -> None:
    """Prepare the tables and the accounts, or serve on a port."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gradatim.web.settings")
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare()
        return
    from gradatim.web.operations.server import default_workers, listening, serve

    serve(listening("127.0.0.1", int(sys.argv[1])), default_workers())


def prepare() -> None:
    """Make the tables, and an account for everybody with a task."""
    from django.core.management import call_command

    from benchmarks.web_load import PASSWORD
    from gradatim.web.accounts.models import User
    from gradatim.web.live_trial import running

    call_command("migrate", verbosity=0)
    for name in sorted({user for user, _site in running().trial.state.roles}):
        User.objects.create_user(name, name, PASSWORD)


if __name__ == "__main__":
    main()
