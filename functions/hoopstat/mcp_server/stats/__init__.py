"""Basketball statistics for models: what there is, and single rows of it."""
