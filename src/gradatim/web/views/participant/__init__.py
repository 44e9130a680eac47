"""The pages of one participant."""
