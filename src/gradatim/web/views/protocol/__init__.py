"""The protocol as a person reads it, its questions and versions, the way to going live."""
