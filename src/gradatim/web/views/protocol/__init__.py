"""The protocol as a person reads it, its open questions, its versions, and the way to going live."""
