"""What the four functions share: the database, the formulas, the rules."""
