"""The ledger: what each job consumed."""
