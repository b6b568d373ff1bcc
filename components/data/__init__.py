"""Where data is kept, and how services get at it."""
