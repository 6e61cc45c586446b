"""The ledger: who is to get which body, what became of it, and who may change that."""
