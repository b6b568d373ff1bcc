"""The policy pack: judges a Pulumi program for AWS, over Pulumi's Analyzer protocol.

    server.py         speaks the protocol; what a host (the Pulumi CLI, the sandbox's engine) starts
    view/             resources as plain values: converted once, unknown told from absent, links resolved
    iam/              policy documents of every kind, and AWS's catalog of actions
    rules/            one topic a file; `rules/__init__.py` lists them and says how one is added
    judge.py          asks the rules; levels, exceptions, faults
    configuration.py  the stages' files in config/

It knows nothing of the program that it judges.
"""
