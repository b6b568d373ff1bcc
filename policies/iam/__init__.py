"""Policy documents of every kind, and AWS's catalog of actions."""
