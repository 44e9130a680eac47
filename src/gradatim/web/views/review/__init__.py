"""Safety review: the package at a data cut, the design's advice, the committee's decisions."""
