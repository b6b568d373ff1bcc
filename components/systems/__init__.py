"""The systems: each service a small component on LambdaService."""
