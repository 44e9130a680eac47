"""Clinical knowledge: scores, response criteria, drugs and units, each in one place."""
