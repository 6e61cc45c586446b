"""The sender: takes what is due out of the ledger and hands it to a transport until all is settled."""
