"""The trial for programs: JSON under /api/, FHIR R4 under /api/fhir/.

A program identifies itself by a token of a user; cookies and sessions mean nothing here. It sees
and records what that user may, or what one role of theirs may; it never signs.
"""
