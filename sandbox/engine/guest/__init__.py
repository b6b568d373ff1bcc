"""What runs in the interpreters of programs and policy packs, which have our modules no other way.

The files are started by their paths and know only the standard library and the Pulumi SDK.
"""
