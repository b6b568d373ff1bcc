"""A day of basketball statistics, from whoever has it into the bronze bucket."""
