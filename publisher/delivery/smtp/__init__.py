"""Speaking with a mail server, and knowing which one to speak with."""
