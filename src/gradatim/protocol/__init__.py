"""The protocol document: its schema, its loader, and the questions it leaves open."""
