"""What can be worked out of a participant's entries, as they stand corrected.

Each view is worked out when it is asked for and kept until something more is recorded of the
participant.
"""
