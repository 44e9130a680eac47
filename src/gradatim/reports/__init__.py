"""Reports: documents for people, made from what the floors below found."""
