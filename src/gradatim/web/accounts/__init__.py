"""Who somebody is: accounts, passwords, second factors, sessions, tokens.

What somebody may do is not kept here but in the ledger: the delegation log.
"""
