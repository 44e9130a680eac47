"""`gradatim demo`: the bundled trial, part-way through, in the web application."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gradatim.web.operations.demonstration import Role
    from gradatim.web.operations.server_process import ServerProcess

HOST = "127.0.0.1"
Port = Annotated[
    int, typer.Option(help="Where to listen; 0 is any port that is free", min=0, max=65535)
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser")]
_Check = Annotated[bool, typer.Option("--check", help="Start, sign in as every role, visit, stop")]


def demo(port: Port = 8000, no_browser: NoBrowser = False, check: _Check = False) -> None:
    """Open the bundled trial, part-way through, in the web application.

    Everybody in it is made up. It runs on this machine only, in a temporary folder that is gone
    when it stops; the passwords are new every time.
    """
    from tempfile import TemporaryDirectory

    from gradatim.cli.options import today
    from gradatim.web.operations.server_process import ServerProcess, end_on_sigterm

    end_on_sigterm()
    with TemporaryDirectory(prefix="gradatim-demo-") as folder:
        from gradatim.web.operations.demonstration import make_demonstration

        roles = make_demonstration(Path(folder), today())
        from gradatim.web.operations.server import listening

        server = ServerProcess(listening(HOST, 0 if check else port), quiet=not check)
        try:
            if check:
                _check(server.address, roles)
            else:
                _open(server, roles, no_browser)
        except KeyboardInterrupt:  # the terminal has told the server too
            print()
        finally:
            server.stop()


def _open(server: "ServerProcess", roles: "list[Role]", no_browser: bool) -> None:
    import webbrowser

    from gradatim.web.operations.smoke_test import wait_until_up

    print_roles(roles)
    wait_until_up(server.address)
    print(f"\nOpen {server.address} and sign in as any of them. Ctrl+C ends it.", flush=True)
    if not no_browser:
        webbrowser.open(server.address)
    server.wait()


def print_roles(roles: "list[Role]") -> None:
    """Print who may sign in, with the passwords."""
    from rich.table import Table

    from gradatim.cli.output import console

    table = Table(title="Sign in as", title_justify="left", box=None)
    for column in ("user", "task", "site", "password"):
        table.add_column(column, no_wrap=True)
    for one in roles:
        table.add_row(one.user, one.role.replace("_", " "), one.site or "whole trial", one.password)
    console().print(table)


def _check(address: str, roles: "list[Role]") -> None:
    """Sign in as one of each role and visit what it is shown.

    Raises:
        Defect: something is not as it should be.
    """
    from gradatim.web.operations.smoke_test import visit, wait_until_up

    wait_until_up(address)
    of_role = {one.role: one for one in reversed(roles)}
    visits = [visit(address, one.user, one.password) for one in of_role.values()]
    print(f"signed in as {len(visits)} roles and visited {sum(visits)} pages")
