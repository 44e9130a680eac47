"""The tables of a safety review: pure rows worked out of the state, shared by page, PDF, export."""
