"""Runs a Pulumi program on this machine: engine, provider, embedded AWS, surroundings, command line."""
