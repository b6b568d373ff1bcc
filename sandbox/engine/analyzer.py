"""Policy packs: processes that judge resources (analyzer_plugin.go and pkg/resource/analyzer of Pulumi)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from google.protobuf import empty_pb2, json_format, struct_pb2

from sandbox.protos import analyzer_pb2

from . import urn as urns
from .config import StackConfig
from .errors import PolicyPackError
from .events import PolicyPackLoaded, PolicyRemediation, PolicyRule, PolicyViolation
from .goals import Goal
from .plugins import GRPC_OPTIONS
from .properties import Marshal, PropertyMap, Unmarshal, marshal, mask, unmarshal
from .state import ResourceState
from .yamlfile import load_yaml

_RUNNER: Final = Path(__file__).with_name("guest") / "pack.py"
_LEVELS: Final = {0: "advisory", 1: "mandatory", 2: "disabled", 3: "remediate"}
_SEVERITIES: Final = {1: "low", 2: "medium", 3: "high", 4: "critical"}
_START_TIMEOUT_S: Final = 60.0
_TO_PACK: Final = Marshal(secrets=True, internal=False)
_TO_REMEDIATE: Final = Marshal(secrets=True)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is shown of a resource to a pack: its state, its options, its provider."""

    state: ResourceState
    goal: Goal | None
    provider: ResourceState | None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the packs say to a resource.

    :ivar inputs: as the packs mend them
    :ivar told: for the user
    :ivar refused: whether the resource must not be
    """

    inputs: PropertyMap
    told: Sequence[PolicyRemediation | PolicyViolation]
    refused: bool


class PolicyPack:
    """A started policy pack. The first question waits until it is ready. Safe to use from several threads."""

    def __init__(
        self,
        directory: Path,
        *,
        project: str,
        config: StackConfig,
        preview: bool,
        engine_address: str,
        on_line: Callable[[str], None],
        on_ready: Callable[[PolicyPackLoaded], None],
    ) -> None:
        """Start it and return at once.

        :param project: its name
        :raises PolicyPackError: there is no Python policy pack in the folder
        """
        self._directory = directory.resolve()
        self._project, self._config, self._preview = project, config, preview
        self._engine_address = engine_address
        self._on_line, self._on_ready = on_line, on_ready
        path = self._directory / "PulumiPolicy.yaml"
        if not path.is_file():
            raise PolicyPackError(f"{directory} is not a policy pack: it has no PulumiPolicy.yaml")
        content = load_yaml(path, PolicyPackError) or {}
        runtime = content.get("runtime")
        options: Mapping[str, Any] = {}
        if isinstance(runtime, dict):
            options, runtime = runtime.get("options") or {}, runtime.get("name")
        if runtime != "python":
            raise PolicyPackError(f"{path}: runtime: got {runtime!r}; only python is supported here")
        self._version = str(content.get("version") or "")
        self._process = subprocess.Popen(
            [
                str(_interpreter(path, options)),
                "-u",
                str(_RUNNER),
                engine_address,
                str(self._directory),
            ],
            stdin=subprocess.PIPE,  # it ends when we do
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._directory,
            env=self._environment(),
            start_new_session=True,
        )
        self._errors: list[str] = []
        self._ready: Any = None
        self._failure: PolicyPackError | None = None
        self._lock = threading.Lock()
        self._asking = threading.Lock()  # one question at a time, as from Pulumi's engine: packs rely on it
        self._channel: Any = None
        self._info: Any = None
        self._severities: dict[str, str] = {}
        self._remediates = False
        self._threads: list[threading.Thread] = []
        assert self._process.stderr is not None  # noqa: S101 - a pipe
        self._read(self._process.stderr, self._on_error_line)

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        environment["PULUMI_PROJECT"] = self._project
        environment["PULUMI_STACK"] = self._config.stack
        environment["PULUMI_ORGANIZATION"] = "organization"
        environment["PULUMI_DRY_RUN"] = str(self._preview).lower()
        environment["PULUMI_CONFIG"] = json.dumps(dict(self._config.values))
        return environment

    def _read(self, stream: IO[bytes], on_line: Callable[[str], None]) -> None:
        def loop() -> None:
            for line in stream:
                text = line.decode(errors="replace").rstrip("\r\n")
                if text:
                    on_line(text)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _on_error_line(self, line: str) -> None:
        self._errors.append(line)
        if self._ready is not None:
            self._on_line(line)

    def _stub(self) -> Any:
        """The pack's service, once it is ready.

        :raises PolicyPackError: it doesn't start
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._ready is None:
                try:
                    self._connect()
                except PolicyPackError as error:
                    self._failure = error
                    raise
            return self._ready

    def _connect(self) -> None:
        import grpc

        from sandbox.protos import analyzer_pb2_grpc

        assert self._process.stdout is not None  # noqa: S101 - a pipe
        timer = threading.Timer(_START_TIMEOUT_S, self._process.kill)
        timer.start()
        line = self._process.stdout.readline().decode(errors="replace").strip()
        timer.cancel()
        if not line.isdigit():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            for thread in self._threads:
                thread.join(5)
            told = "\n".join(self._errors) or line or "it wrote nothing"
            raise PolicyPackError(f"policy pack {str(self._directory)!r} failed to start:\n{told}")
        self._channel = grpc.insecure_channel(f"127.0.0.1:{line}", options=list(GRPC_OPTIONS))
        stub: Any = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        self._ask(
            stub.Handshake,
            analyzer_pb2.AnalyzerHandshakeRequest(
                engine_address=self._engine_address,
                root_directory=str(self._directory),
                program_directory=str(self._directory),
            ),
            optional=True,
        )
        self._ask(
            stub.ConfigureStack,
            analyzer_pb2.AnalyzerStackConfigureRequest(
                stack=self._config.stack,
                project=self._project,
                organization="organization",
                dry_run=self._preview,
                config=dict(self._config.values),
                config_secret_keys=sorted(self._config.secret_keys),
            ),
            optional=True,
        )
        info = self._ask(stub.GetAnalyzerInfo, empty_pb2.Empty())
        levels = self._configure(stub, info)
        self._severities = {p.name: _SEVERITIES.get(p.severity, "") for p in info.policies}
        self._remediates = "remediate" in levels.values()
        self._version = self._version or info.version
        self._info = info
        self._read(self._process.stdout, self._on_line)
        self._ready = stub
        self._on_ready(self._loaded(info, levels))

    def _loaded(self, info: Any, levels: Mapping[str, str]) -> PolicyPackLoaded:
        return PolicyPackLoaded(
            name=info.name,
            version=self._version,
            policies=len(info.policies),
            description=info.description,
            rules=tuple(
                PolicyRule(
                    id=policy.name,
                    title=policy.displayName or policy.name,
                    description=policy.description,
                    severity=self._severities[policy.name],
                    level=levels.get(policy.name, ""),
                    mend=policy.remediation_steps,
                    url=policy.url,
                )
                for policy in info.policies
            ),
        )

    def _ask(self, method: Any, request: Any, *, optional: bool = False) -> Any:
        import grpc

        try:
            with self._asking:
                return method(request)
        except grpc.RpcError as error:
            if optional and error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return None
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                told = "\n".join(self._errors[-20:]) or "it has ended"
                raise PolicyPackError(
                    f"policy pack {str(self._directory)!r} doesn't answer:\n{told}"
                ) from None
            raise PolicyPackError(f"policy pack {str(self._directory)!r}: {error.details()}") from None

    def _configure(self, stub: Any, info: Any) -> dict[str, str]:
        """Give every policy its configuration: its own defaults, then what the pack says.

        :returns: the enforcement level of each policy
        """
        levels = {policy.name: policy.enforcementLevel for policy in info.policies}
        if not info.supportsConfig:
            return {name: _LEVELS.get(level, "") for name, level in levels.items()}
        properties: dict[str, dict[str, Any]] = {}
        required: dict[str, Sequence[str]] = {}
        for policy in info.policies:
            schema = json_format.MessageToDict(policy.configSchema.properties)
            required[policy.name] = list(policy.configSchema.required)
            properties[policy.name] = {
                name: declared["default"]
                for name, declared in schema.items()
                if isinstance(declared, dict) and "default" in declared
            }
        if "all" in info.initialConfig:
            levels = dict.fromkeys(levels, info.initialConfig["all"].enforcementLevel)
        for name, given in info.initialConfig.items():
            if name != "all":
                levels[name] = given.enforcementLevel
                properties.setdefault(name, {}).update(json_format.MessageToDict(given.properties))
        missing = [
            f"{name}: {key} is required"
            for name, keys in required.items()
            for key in keys
            if key not in properties[name] and _LEVELS.get(levels[name]) != "disabled"
        ]
        if missing:
            raise PolicyPackError(f"validating policy config for {info.name!r}: {'; '.join(missing)}")
        config = {}
        for name, level in levels.items():
            struct = struct_pb2.Struct()
            struct.update(properties.get(name, {}))
            config[name] = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=struct)
        self._ask(stub.Configure, analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config), optional=True)
        return {name: _LEVELS.get(level, "") for name, level in levels.items()}

    # --- judging ---------------------------------------------------------------------------------------

    def remediate(
        self, judged: Judged, inputs: PropertyMap
    ) -> tuple[PropertyMap, list[PolicyRemediation | PolicyViolation]]:
        """The inputs as the pack mends them, and what it did."""
        stub = self._stub()
        told: list[PolicyRemediation | PolicyViolation] = []
        if not self._remediates:
            return inputs, told
        answer = self._ask(stub.Remediate, self._request(judged, inputs, _TO_REMEDIATE), optional=True)
        for remediation in answer.remediations if answer is not None else ():
            if remediation.diagnostic:
                told.append(
                    PolicyViolation(
                        pack=remediation.policyPackName,
                        version=self._version,
                        policy=remediation.policyName,
                        level="advisory",
                        message=remediation.diagnostic,
                        urn=judged.state.urn,
                        description=remediation.description,
                    )
                )
                continue
            mended = unmarshal(remediation.properties, Unmarshal())
            told.append(
                PolicyRemediation(
                    pack=remediation.policyPackName,
                    version=self._version,
                    policy=remediation.policyName,
                    urn=judged.state.urn,
                    before=mask(inputs),
                    after=mask(mended),
                )
            )
            inputs = mended
        return inputs, told

    def analyze(self, judged: Judged, inputs: PropertyMap) -> list[PolicyViolation]:
        """What the pack finds wrong with a resource."""
        answer = self._ask(self._stub().Analyze, self._request(judged, inputs, _TO_PACK))
        return [self._violation(diagnostic, judged.state.urn) for diagnostic in answer.diagnostics]

    def analyze_stack(self, resources: Sequence[Judged], root: str) -> list[PolicyViolation]:
        """What the pack finds wrong with the stack as a whole."""
        known = {judged.state.urn for judged in resources}
        request = analyzer_pb2.AnalyzeStackRequest(resources=[self._resource(judged) for judged in resources])
        answer = self._ask(self._stub().AnalyzeStack, request, optional=True)
        return [
            self._violation(diagnostic, diagnostic.urn if diagnostic.urn in known else root)
            for diagnostic in (answer.diagnostics if answer is not None else ())
        ]

    def _violation(self, diagnostic: Any, urn: str) -> PolicyViolation:
        level = _LEVELS.get(diagnostic.enforcementLevel, "")
        return PolicyViolation(
            pack=diagnostic.policyPackName,
            version=self._version,
            policy=diagnostic.policyName,
            level="mandatory" if level == "remediate" else level,
            message=diagnostic.message,
            urn=urn,
            description=diagnostic.description,
            severity=_SEVERITIES.get(diagnostic.severity) or self._severities.get(diagnostic.policyName, ""),
        )

    def _request(self, judged: Judged, inputs: PropertyMap, options: Marshal) -> Any:
        return analyzer_pb2.AnalyzeRequest(
            urn=judged.state.urn,
            type=judged.state.type,
            name=judged.state.name,
            properties=marshal(inputs, options),
            options=_resource_options(judged),
            provider=_provider_resource(judged.provider),
        )

    @staticmethod
    def _resource(judged: Judged) -> Any:
        state = judged.state
        return analyzer_pb2.AnalyzerResource(
            urn=state.urn,
            type=state.type,
            name=state.name,
            properties=marshal(state.outputs, _TO_PACK),
            options=_resource_options(judged),
            provider=_provider_resource(judged.provider),
            parent=state.parent,
            dependencies=state.dependencies,
            propertyDependencies={
                key: analyzer_pb2.AnalyzerPropertyDependencies(urns=found)
                for key, found in state.property_dependencies.items()
                if found
            },
        )

    def close(self) -> None:
        """End it."""
        if self._channel is not None:
            self._channel.close()
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def _interpreter(path: Path, options: Mapping[str, Any]) -> Path:
    given = options.get("virtualenv")
    if not given:
        return Path(sys.executable)
    python = path.parent / str(given) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        raise PolicyPackError(f"{path}: runtime.options.virtualenv: {given!r} has no Python in it: create it")
    return python


def _resource_options(judged: Judged) -> Any:
    state, goal = judged.state, judged.goal
    first = goal.delete_before_replace if goal else None
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=state.protect,
        ignoreChanges=state.ignore_changes,
        deleteBeforeReplace=bool(first),
        deleteBeforeReplaceDefined=first is not None,
        additionalSecretOutputs=state.additional_secret_outputs,
        aliases=state.aliases,
        customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(**state.custom_timeouts),
        parent=state.parent,
    )


def _provider_resource(provider: ResourceState | None) -> Any:
    if provider is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        urn=provider.urn,
        type=provider.type,
        name=urns.name(provider.urn),
        properties=marshal(provider.inputs, _TO_PACK),
    )
