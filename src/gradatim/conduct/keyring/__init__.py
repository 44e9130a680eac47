"""The keys of participants' identifying data: outside the database and its backups."""
