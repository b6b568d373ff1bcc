"""What the round trips of every type are drawn from: see :mod:`tests.sandbox.provider.test_round_trips`."""
