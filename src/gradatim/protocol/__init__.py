"""Floor 3: the protocol document: its schema, its loader, and the questions it leaves open."""
