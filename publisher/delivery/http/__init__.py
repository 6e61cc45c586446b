"""Speaking with a provider's API: requests that are counted, signed and never repeated by guess."""
