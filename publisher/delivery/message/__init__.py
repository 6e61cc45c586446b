"""A message: what one recipient is sent, byte for byte, and the signatures over it."""
