"""Django's SQLite, whose file only the user may read."""
