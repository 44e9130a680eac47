"""Floor 2: clinical knowledge: scores, response criteria, drugs and units, each in one place."""
