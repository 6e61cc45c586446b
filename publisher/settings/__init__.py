"""publisher.toml, typed: what a site says about itself, read once and passed down."""
