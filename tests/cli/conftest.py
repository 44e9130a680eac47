"""Run the command in this process, as a shell would."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from gradatim.cli.main import main
from gradatim.cli.output import console


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Give a function that runs `gradatim` with arguments."""

    def run_command(*arguments: object) -> Ran:
        console.cache_clear()  # a new process has a console of its own, as wide as it is told
        monkeypatch.setattr(sys, "argv", ["gradatim", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_command
