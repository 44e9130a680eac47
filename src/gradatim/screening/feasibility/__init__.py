"""What a prescreen's files say: funnel, leverage, relaxation, readings, and whom to ask again."""
