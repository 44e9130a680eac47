"""`gradatim serve`: the web application."""

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Where to listen; a proxy in front speaks HTTPS")]
Port = Annotated[int, typer.Option(help="At which port")]
Workers = Annotated[int, typer.Option(help="Processes; 0 is one a core, two at least")]


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 0) -> None:
    """Run the web application; the environment says on which database, under which names.

    A ledger of a demonstration or a simulated trial is refused, and so are tables that are not as
    this version needs them: `gradatim database migrate` makes them so.
    """
    from gradatim.web.operations.migrate import read_settings

    read_settings()
    from gradatim.web.operations.server import default_workers, listening
    from gradatim.web.operations.server import serve as serve_on

    serve_on(listening(host, port), workers or default_workers())
