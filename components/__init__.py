"""Components: the resources of a fleet, and the values that they take."""
