"""What is logged once the tests have ended is not written to a stream that is closed by then."""

import logging


def test_no_handler_holds_a_stream_that_pytest_closes():
    """Those of pytest's own collect records; they are taken off before their streams are closed."""
    handlers = logging.getLogger().handlers
    assert [one for one in handlers if not type(one).__module__.startswith("_pytest")] == []
