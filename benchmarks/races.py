"""Races in full size: `python -m benchmarks.races [HISTORIES]`; figures as JSON lines.

Fifty clients race for the last place of a level, the sentinel gate and the last bag of a lot, each
history a trial of its own in one SQLite ledger. See docs/faults.md.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.conduct.races import RACES, Clients, told

HISTORIES = 10_000


def main() -> None:
    """Run the races, in turn, and print what they came to."""
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else HISTORIES
    with tempfile.TemporaryDirectory() as folder:
        clients = Clients(f"sqlite:///{Path(folder) / 'races.sqlite'}")
        for make in RACES:
            race, begun = make(), time.monotonic()
            over, answers = 0, {"Recorded": 0, "Refused": 0, "Stale": 0}
            for number in range(-(-asked // len(RACES))):
                given, said = clients.run(race, f"{make.__name__}-{number}")
                over += given != race.most
                for kind, count in told(said).items():
                    answers[kind] += count
            print(
                json.dumps(
                    {
                        "race": race.name,
                        "histories": number + 1,
                        "over_allocated": over,
                        **answers,
                        "seconds": round(time.monotonic() - begun),
                    }
                ),
                flush=True,
            )
        clients.close()


if __name__ == "__main__":
    main()
