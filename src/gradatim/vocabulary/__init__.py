"""What the codes of a site mean: code systems, hierarchies and mappings, compiled into one file."""
