"""Floor 9: reports: documents for people, made from what the floors below found."""
