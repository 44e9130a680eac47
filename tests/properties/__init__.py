"""Properties: what must hold of everything that can be written, for generated rules and people."""
