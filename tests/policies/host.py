"""Hosts the pack as the Pulumi CLI does: a process, its port, the Analyzer protocol's calls in its order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from tests.policies.stacks import Stack

PACK = Path(__file__).parents[2] / "policies"


@dataclass
class Host:
    """A pack that runs in a process of its own."""

    stub: analyzer_pb2_grpc.AnalyzerStub
    process: subprocess.Popen[bytes]

    def configure_stack(self, name: str, *, dry_run: bool = True) -> analyzer_pb2.AnalyzerInfo:
        """Greet the pack as the engine does, up to its description."""
        self.stub.Handshake(analyzer_pb2.AnalyzerHandshakeRequest(engine_address="127.0.0.1:1"))
        self.stub.ConfigureStack(
            analyzer_pb2.AnalyzerStackConfigureRequest(stack=name, project="shop", dry_run=dry_run)
        )
        self.stub.GetPluginInfo(empty_pb2.Empty())
        info = self.stub.GetAnalyzerInfo(empty_pb2.Empty())
        assert isinstance(info, analyzer_pb2.AnalyzerInfo)
        return info

    def configure(self, info: analyzer_pb2.AnalyzerInfo, changes: Mapping[str, Any] | None = None) -> None:
        """Send what the engine makes of the pack's own levels and defaults and of a user's changes."""
        configs = {}
        for policy in info.policies:
            schemas = json_format.MessageToDict(policy.configSchema.properties)
            properties = struct_pb2.Struct()
            properties.update({name: schema["default"] for name, schema in schemas.items()})
            level = policy.enforcementLevel
            configs[policy.name] = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=properties)
        for name, values in (changes or {}).items():
            config = configs.setdefault(name, analyzer_pb2.PolicyConfig())
            if "enforcementLevel" in values:
                config.enforcementLevel = values["enforcementLevel"]
            config.properties.update({k: v for k, v in values.items() if k != "enforcementLevel"})
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=configs))

    def analyze(self, stack: Stack) -> list[analyzer_pb2.AnalyzeDiagnostic]:
        """Hand over a stack: each resource, then all."""
        diagnostics: list[analyzer_pb2.AnalyzeDiagnostic] = []
        for request in stack.requests():
            self.stub.Remediate(request)
            diagnostics += self.stub.Analyze(request).diagnostics
        diagnostics += self.stub.AnalyzeStack(stack.request()).diagnostics
        return diagnostics


@contextmanager
def running(pack: Path = PACK, cwd: Path | None = None) -> Iterator[Host]:
    """Start a pack and stop it."""
    process = subprocess.Popen([sys.executable, str(pack), "127.0.0.1:1"], stdout=subprocess.PIPE, cwd=cwd)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Host(analyzer_pb2_grpc.AnalyzerStub(channel), process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
