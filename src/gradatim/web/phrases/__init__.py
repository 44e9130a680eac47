"""Texts made in English below, said in the language of the page."""
