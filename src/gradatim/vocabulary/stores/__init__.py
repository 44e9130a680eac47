"""The file of a vocabulary: one SQLite database, written once and only read from then on."""
