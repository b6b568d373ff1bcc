"""Provider resources: they are checked, diffed and created like any resource, by loading providers.

(pkg/resource/deploy/providers/registry.go; default providers: default_providers.go)
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence

from . import urn as urns
from .errors import EngineError, UnsupportedError
from .plugins import ProviderFactory
from .properties import UNKNOWN_STRING, PropertyMap, downgrade, same, unwrap
from .provider import Answer, CheckResult, DiffResult, Provider
from .state import ResourceState

_INTERNAL = "__internal"


def without_internal(inputs: PropertyMap) -> PropertyMap:
    """A provider's inputs without what only the engine reads."""
    return {key: value for key, value in inputs.items() if key != _INTERNAL}


def set_version(inputs: PropertyMap, version: str) -> None:
    """Put the plugin's version among a provider's inputs, as the engine does."""
    inputs.setdefault(_INTERNAL, {})
    inputs["version"] = version


def set_download_url(inputs: PropertyMap, url: str) -> None:
    """Put the plugin's address among a provider's inputs, as the engine does."""
    inputs.setdefault(_INTERNAL, {})["pluginDownloadURL"] = url


class Registry:
    """All providers of a run, by reference ``urn::id``. Safe to use from several threads."""

    def __init__(self, factory: ProviderFactory, engine_address: str) -> None:
        self._factory = factory
        self._engine_address = engine_address
        self._providers: dict[str, Provider] = {}
        self._aliases: dict[str, str] = {}
        self._lock = threading.RLock()

    def get(self, reference: str) -> Provider | None:
        """A configured provider."""
        with self._lock:
            return self._providers.get(reference)

    def add_alias(self, urn: str, alias: str) -> None:
        """Let a provider be found by an earlier URN too."""
        with self._lock:
            self._aliases[urn] = alias

    def _set(self, urn: str, identity: str, provider: Provider) -> None:
        with self._lock:
            self._providers[f"{urn}::{identity}"] = provider
            if urn in self._aliases:
                self._providers[f"{self._aliases[urn]}::{identity}"] = provider

    def _take_checked(self, urn: str) -> Provider | None:
        with self._lock:
            return self._providers.pop(f"{urn}::{urns.UNCONFIGURED_ID}", None)

    def _load(self, urn: str, inputs: PropertyMap) -> Provider:
        package = urns.provider_package(urns.type_of(urn))
        internal = inputs.get(_INTERNAL)
        if isinstance(internal, dict) and ("parameterization" in internal or "name" in internal):
            raise UnsupportedError(
                f"provider {urns.name(urn)!r}: parameterized providers (package {package!r}) aren't supported"
            )
        version = unwrap(inputs.get("version", ""))
        return Provider(
            self._factory(package, version if isinstance(version, str) else ""), package, self._engine_address
        )

    def check(self, urn: str, olds: PropertyMap, news: PropertyMap) -> CheckResult:
        """Load the provider and let it check its own configuration."""
        news = downgrade(news)
        provider = self._load(urn, news)
        result = provider.check_config(urn, without_internal(olds), without_internal(news))
        if result.failures:
            provider.close()
            return result
        self._set(urn, urns.UNCONFIGURED_ID, provider)
        inputs = dict(result.inputs)
        if "version" in news:
            if "version" in inputs and not same(inputs["version"], news["version"]):
                raise EngineError(
                    f"provider {urn!r} attempted to change version from {news['version']!r}"
                    f" to {inputs['version']!r}"
                )
            inputs["version"] = news["version"]
        if _INTERNAL in news:
            inputs[_INTERNAL] = news[_INTERNAL]
        return CheckResult(inputs=inputs)

    def diff(
        self,
        urn: str,
        identity: str,
        old_inputs: PropertyMap,
        old_outputs: PropertyMap,
        new_inputs: PropertyMap,
        ignore_changes: Sequence[str],
    ) -> DiffResult:
        """Let a provider compare its configurations."""
        provider = self.get(f"{urn}::{urns.UNCONFIGURED_ID}") or self.get(f"{urn}::{identity}")
        if provider is None:
            raise EngineError(f"provider {urn!r} must be checked before it is diffed")
        new = without_internal(new_inputs)
        result = provider.diff_config(urn, without_internal(old_inputs), old_outputs, new, ignore_changes)
        if result.changes is None:
            return DiffResult(
                changes=not same(old_outputs, new),
                replace_keys=result.replace_keys,
                delete_before_replace=result.delete_before_replace,
            )
        return result

    def ensure(self, state: ResourceState, *, checked: bool) -> None:
        """Configure a provider as its state says, if it isn't yet (``Registry.Same``).

        :param checked: use the one that was loaded by ``check``
        """
        if not state.id or state.id == UNKNOWN_STRING:
            raise EngineError(f"provider {state.urn!r} has an unknown ID")
        with self._lock:
            if f"{state.urn}::{state.id}" in self._providers:
                return
            provider = self._take_checked(state.urn) if checked else None
            provider = provider or self._load(state.urn, state.inputs)
            provider.configure(state.urn, state.id, without_internal(state.inputs))
            self._set(state.urn, state.id, provider)

    def create(self, urn: str, inputs: PropertyMap, *, preview: bool) -> Answer:
        """Configure a new provider; a preview's has no id yet."""
        provider = self._take_checked(urn) or self._load(urn, inputs)
        identity = UNKNOWN_STRING if preview else str(uuid.uuid4())
        plain = without_internal(inputs)
        provider.configure(urn, identity, plain)
        self._set(urn, identity, provider)
        return Answer(id=identity, outputs=plain)

    def update(self, urn: str, identity: str, inputs: PropertyMap) -> Answer:
        """Configure a provider anew."""
        provider = self._take_checked(urn) or self._load(urn, inputs)
        plain = without_internal(inputs)
        provider.configure(urn, identity, plain)
        self._set(urn, identity, provider)
        return Answer(id=identity, outputs=plain)

    def delete(self, urn: str, identity: str) -> None:
        """Forget a provider."""
        with self._lock:
            provider = self._providers.pop(f"{urn}::{identity}", None)
        if provider:
            provider.close()

    def cancel(self) -> None:
        """Ask every provider to stop what it is doing."""
        with self._lock:
            providers = set(self._providers.values())
        for provider in providers:
            provider.cancel()

    def close(self) -> None:
        """Let go of every provider."""
        with self._lock:
            providers = set(self._providers.values())
            self._providers.clear()
        for provider in providers:
            provider.close()


def default_name(version: str, download_url: str = "") -> str:
    """The name of the default provider of a version: ``default_7_51_1``."""
    name = "default"
    if version:
        core, _, rest = version.partition("-")
        rest, _, build = (rest or core).partition("+") if "-" in version else ("", "", core.partition("+")[2])
        core = core.partition("+")[0]
        parts = [*core.split("."), *filter(None, rest.split(".")), *filter(None, build.split("."))]
        name += "".join(f"_{part}" for part in parts)
    if download_url:
        name += "_" + "".join(c if c.isalnum() or c in "_.-" else "_" for c in download_url.rstrip("/"))
    return name


def is_default(urn: str) -> bool:
    """Whether a URN is that of a default provider."""
    name = urns.name(urn)
    return urns.is_provider(urns.type_of(urn)) and (name == "default" or name.startswith("default_"))
