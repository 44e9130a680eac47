"""Pages: each answers one request. Rules stay below."""
