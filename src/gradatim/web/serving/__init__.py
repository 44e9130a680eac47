"""What stands around the application where it runs: setting up, serving, backing up, showing.

The parts: `preparing` (settings and tables), `application` (what may be served), `server`
(gunicorn), `inviting` (the first person), `backups`, `saving`, `target` and `restoring` (backups),
`demonstration`, `apart` and `visiting` (the demonstration, and the check that it works). Modules
that speak of accounts are imported after `prepare`.
"""
