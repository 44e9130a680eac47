"""`gradatim demo`: the bundled trial, part-way through, in the web application."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gradatim.web.serving.demonstration import Role

HOST = "127.0.0.1"
Port = Annotated[int, typer.Option(help="Where to listen; 0 is any port that is free")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser")]
Check = Annotated[bool, typer.Option("--check", help="Start, sign in as every role, visit, stop")]


def demo(port: Port = 8000, no_browser: NoBrowser = False, check: Check = False) -> None:
    """Open the bundled trial, part-way through, in the web application.

    Everybody in it is made up. It runs on this machine only, in a temporary folder that is gone
    when it stops; the passwords are new every time.
    """
    from tempfile import TemporaryDirectory

    from gradatim.cli.options import today

    with TemporaryDirectory(prefix="gradatim-demo-") as folder:
        from gradatim.web.serving.demonstration import made

        roles = made(Path(folder), today())
        if check:
            _check(roles)
        else:
            _open(roles, port, no_browser)


def _open(roles: "list[Role]", port: int, no_browser: bool) -> None:
    import webbrowser

    from gradatim.web.serving.server import listening, serve

    place = listening(HOST, port)
    address = f"http://{HOST}:{place.getsockname()[1]}"
    print_roles(roles)

    def ready() -> None:
        print(f"\nOpen {address} and sign in as any of them. Ctrl+C ends it.", flush=True)
        if not no_browser:
            webbrowser.open(address)

    serve(place, 2, ready)


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


def _check(roles: "list[Role]") -> None:
    """Serve in a process of its own, visit as every role, stop it."""
    import os
    import signal

    from gradatim.core.errors import Defect
    from gradatim.web.serving.demonstration import visited
    from gradatim.web.serving.server import listening, serve

    place = listening(HOST, 0)
    address = f"http://{HOST}:{place.getsockname()[1]}"
    child = os.fork()
    if child == 0:
        os.setsid()
        serve(place, 2)
    try:
        place.close()
        visits = [visited(address, one) for one in _one_of_each(roles)]
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    if wrong := [f"{one.user}: {fault}" for one in visits for fault in one.faults]:
        raise Defect(f"the demonstration is not as it should be: {'; '.join(wrong)}")
    print(f"signed in as {len(visits)} roles and visited {sum(one.pages for one in visits)} pages")


def _one_of_each(roles: "list[Role]") -> "list[Any]":
    return list({one.role: one for one in reversed(roles)}.values())
