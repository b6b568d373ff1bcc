# ruff: noqa: N802 - the names are the protocol's
"""The peer of every preview: the program alone, under Pulumi's SDK as it is, an engine that does nothing.

A monitor answers each registration at once. No engine that runs the program so can be quicker, Pulumi's
included. Seconds depend on the machine; what part of this a whole preview of ours takes depends on it less.
"""

import json
import statistics
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

from sandbox.engine.config import StackConfig
from sandbox.engine.project import Project
from sandbox.protos import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from .measure import run

_PROGRAM = """
import asyncio, json, runpy, sys
import pulumi, pulumi.runtime

asked = json.loads(sys.argv[1])
sys.argv = [asked["program"]]
pulumi.runtime.set_all_config(asked["config"], asked["secret_keys"])
pulumi.runtime.configure(pulumi.runtime.Settings(
    monitor=asked["address"], engine=asked["address"], project=asked["project"], stack=asked["stack"],
    organization="organization", dry_run=True, parallel=16, root_directory=asked["root_directory"]))
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(pulumi.runtime.run_in_stack(
    lambda: runpy.run_path(asked["program"], run_name="__main__")))
"""


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Every resource is what its inputs say."""

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return resource_pb2.DeploymentInfo(supportedFeatures=resource_pb2.ResourceMonitorFeature.values())

    def RegisterResource(self, request: Any, context: Any) -> Any:
        parent = request.parent.rpartition("::")[0] or "urn:pulumi:stack::project"
        return resource_pb2.RegisterResourceResponse(
            urn=f"{parent}${request.type}::{request.name}",
            object=None if request.remote else request.object,  # a component's outputs aren't its inputs
        )

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


class _Engine(engine_pb2_grpc.EngineServicer):
    def Log(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.SetRootResourceResponse()


@contextmanager
def _serving() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(max_workers=32), options=[("grpc.so_reuseport", 0)])
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


def sdk_alone(folder: Path, stack: str, env: Mapping[str, str], runs: int) -> float:
    """Run the program of a project so, once for the caches and then ``runs`` times: the median in seconds.

    Raises:
        RuntimeError: the program fails.
    """
    project = Project.load(folder)
    config = StackConfig.load(project, stack)
    with _serving() as address:
        asked = {
            "address": address,
            "program": project.program,
            "project": project.name,
            "stack": stack,
            "root_directory": str(project.root),
            "config": dict(config.values),
            "secret_keys": sorted(config.secret_keys),
        }
        command = [str(project.interpreter), "-c", _PROGRAM, json.dumps(asked)]
        seconds = [run(command, cwd=project.working_directory, env=env).seconds for _ in range(1 + runs)]
    return statistics.median(seconds[1:])
