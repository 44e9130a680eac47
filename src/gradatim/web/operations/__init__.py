"""What stands around the application where it runs: setting up, serving, backing up, showing.

The parts: `migrate` (settings and tables), `application` (what may be served), `server` (gunicorn),
`healthcheck`, `invite` (the first person), `backup_format`, `backup`, `restore_target` and
`restore`, `demonstration`, `server_process` and `smoke_test` (the demonstration, and the check that
it works). Modules that speak of accounts are imported after `prepare`.
"""
