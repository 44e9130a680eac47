"""Days without a limit, and the type of something that lasted, as exported CQL writes them."""

FIRST, LAST = "@0001-01-01", "@9999-12-31"
"""The first and the last day of the calendar: a day without a limit before, or after."""
SPAN = (
    "Tuple { id String, codes List<String>, start_first Date, start_last Date, end_first Date, "
    "end_last Date, route String, doubtful Boolean, denies Boolean }"
)
"""Something that lasted: the days on which it may have begun and ended."""
