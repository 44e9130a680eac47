"""What is known of a person: dated facts, where they come from, what they cover."""
