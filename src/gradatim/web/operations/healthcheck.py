"""`python -m gradatim.web.operations.healthcheck 8000`: ask the server here if it is well.

For health checks of containers and services: it asks by a name that the application answers to, and
ends with 0 if the answer is 200.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

WITHIN = 4.0  # seconds


def health_fault(port: int, environment: Mapping[str, str]) -> str:
    """Give what is wrong; nothing if it is well."""
    name = environment.get("GRADATIM_HOSTS", "").split(",")[0].strip() or "localhost"
    connection = HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        answer = connection.getresponse()
        said = answer.read().decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{answer.status} {said[:200]}"


if __name__ == "__main__":
    if wrong := health_fault(int(sys.argv[1]), os.environ):
        sys.exit(wrong)
