"""Started by the Pulumi CLI or the sandbox's engine: serves the pack and prints its port, nothing else."""

import importlib.util
import sys
from pathlib import Path


def _import_as_policies() -> None:
    """Make this folder importable as `policies`, wherever a host has put it and whatever it is called."""
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "policies", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"the policy pack can't be loaded from {here}")
    package = importlib.util.module_from_spec(spec)
    sys.modules["policies"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _import_as_policies()
    from policies.server import main

    main()
