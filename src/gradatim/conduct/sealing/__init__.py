"""The keys that seal what is recorded, and how a trial takes one over."""
