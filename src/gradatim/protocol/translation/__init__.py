"""The prose of a protocol in another language: each translation beside the text it is of."""
