"""EC2: the rules of security groups. Prefix lists aren't here: the embedded AWS doesn't tell them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import integer, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given, tag_list, tag_map

_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "referencedSecurityGroupId")
_GROUP: Final = r"sg-[0-9a-f]+"
_OTHER_GROUP: Final = r"(\d{12}/)?sg-[0-9a-f]+"
_EVERY_PROTOCOL: Final = "-1"
_WITH_PORTS: Final = ("tcp", "udp")
_ICMP: Final = ("icmp", "icmpv6")


class _Rule(ResourceType):
    """A rule of a security group. Its id is AWS's (``sgr-...``)."""

    service = "ec2"
    egress: bool
    props = {
        "cidrIpv4": string(),
        "cidrIpv6": string(),
        "description": string(
            maximum=255,
            pattern=r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*",
            meaning="letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
        ),
        "fromPort": integer(minimum=-1, maximum=65_535),
        "ipProtocol": string(
            required=True,
            pattern=r"-1|tcp|udp|icmp|icmpv6|\d{1,3}",
            meaning="-1 (all), tcp, udp, icmp, icmpv6, or the number of another protocol",
        ),
        "referencedSecurityGroupId": string(
            pattern=rf"(\d{{12}}/)?{_GROUP}", meaning="sg-... or ACCOUNT/sg-..."
        ),
        "securityGroupId": string(required=True, replaces=True, pattern=_GROUP, meaning="sg-..."),
        "toPort": integer(minimum=-1, maximum=65_535),
    }
    outputs = ("arn", "securityGroupRuleId")
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One source (or destination), a network where it is one, and the protocol's ports."""
        del settings
        sources = [key for key in _SOURCES if key in inputs]
        if len(sources) != 1:
            found = " and ".join(sources) or "none"
            yield Failure(path="", reason=f"found {found}; give exactly one of {', '.join(_SOURCES)}")
        yield from _networks(inputs)
        yield from _ports(inputs)

    def also_replaces(self, olds: Properties, news: Properties) -> Iterable[str]:
        """A rule keeps its kind of source: AWS changes only the source itself."""
        old, new = ({key for key in _SOURCES if key in each} for each in (olds, news))
        return old | new if old != new else ()

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the group's rules: it can't have two that are the same."""
        del owner
        wanted = _compared(inputs)
        for rule in _rules(aws, Filters=[{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]):
            if rule["IsEgress"] == self.egress and _compared(_told(rule)) == wanted:
                yield str(rule["SecurityGroupRuleId"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the rule, unless the group has it: AWS refuses a second, the embedded AWS gives the first."""
        for there in self.find(aws, inputs, ""):
            raise ProviderError(
                f"the security group {inputs['securityGroupId']} has this rule already ({there}): "
                "import it, or delete it"
            )
        tags = tag_list(inputs.get("tagsAll"))
        made = self._call(aws, "authorize")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            **given(
                TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}] if tags else None
            ),
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The rule as AWS describes it."""
        del known
        for rule in _rules(aws, SecurityGroupRuleIds=[id]):
            if rule["IsEgress"] == self.egress:
                arn = f"arn:{aws.partition}:ec2:{aws.region}:{aws.account_id}:security-group-rule/{id}"
                tags = tag_map(rule.get("Tags", []))
                return {**_told(rule), "arn": arn, "securityGroupRuleId": id, "tagsAll": tags}
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """The rule changes as a whole."""
        client = aws.client("ec2")
        if update.changed - {"tags", "tagsAll"}:
            rule = _request(update.news)
            # The embedded AWS reads the group by another name than AWS does; adding it costs nothing.
            client.meta.events.register(
                "before-call.ec2.ModifySecurityGroupRules", _name_the_group, unique_id="sandbox-group"
            )
            client.modify_security_group_rules(
                GroupId=update.olds["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": update.id, "SecurityGroupRule": rule}],
            )
        removed, added = update.tags()
        if removed:
            client.delete_tags(Resources=[update.id], Tags=[{"Key": key} for key in removed])
        if added:
            client.create_tags(Resources=[update.id], Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the rule out of its group."""
        self._call(aws, "revoke")(GroupId=state["securityGroupId"], SecurityGroupRuleIds=[id])

    def _call(self, aws: Aws, verb: str) -> Any:
        return getattr(aws.client("ec2"), f"{verb}_security_group_{'egress' if self.egress else 'ingress'}")


class SecurityGroupIngressRule(_Rule):
    """A rule for what may come in."""

    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    egress = False


class SecurityGroupEgressRule(_Rule):
    """A rule for what may go out."""

    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    egress = True


def _networks(inputs: Properties) -> Iterator[Failure]:
    for key, network, example in (
        ("cidrIpv4", IPv4Network, "10.0.0.0/16"),
        ("cidrIpv6", IPv6Network, "::/0"),
    ):
        value = inputs.get(key)
        if isinstance(value, str):
            try:
                good = "/" in value and str(network(value)) == value
            except ValueError:
                good = False
            if not good:
                yield Failure(
                    path=key, reason=f'"{value}" isn\'t a network; give one without host bits, e.g. {example}'
                )


def _ports(inputs: Properties) -> Iterator[Failure]:
    protocol = inputs["ipProtocol"]
    ports: list[Any] = [inputs.get(key) for key in ("fromPort", "toPort")]
    if protocol is UNKNOWN or UNKNOWN in ports:
        return
    missing = [key for key, value in zip(("fromPort", "toPort"), ports, strict=True) if value is None]
    if protocol in (*_WITH_PORTS, *_ICMP):
        for key in missing:
            what = (
                "it" if protocol in _WITH_PORTS else "it (fromPort is the type, toPort the code, -1 is any)"
            )
            yield Failure(path=key, reason=f"missing; {protocol} needs {what}")
    elif len(missing) < len(ports):
        yield Failure(
            path="fromPort", reason=f"ipProtocol {protocol} has no ports: leave fromPort and toPort out"
        )
    if protocol in _WITH_PORTS and not missing:
        first, last = ports
        if first < 0 or last < first:
            yield Failure(
                path="toPort", reason=f"{first} to {last} isn't a range of ports; allowed: 0 to 65535"
            )


def _rules(aws: Aws, **which: Any) -> Iterator[dict[str, Any]]:
    for page in aws.client("ec2").get_paginator("describe_security_group_rules").paginate(**which):
        yield from page["SecurityGroupRules"]


def _told(rule: dict[str, Any]) -> Properties:
    group = rule.get("ReferencedGroupInfo") or {}
    owner, own = group.get("UserId"), rule["GroupOwnerId"]
    prefix = f"{owner}/" if owner and owner != own else ""
    description = rule.get("Description", "")
    every = rule["IpProtocol"] not in (*_WITH_PORTS, *_ICMP)
    return {
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "description": description if description.strip() else None,
        # AWS says -1 of a protocol without ports.
        "fromPort": None if every else rule.get("FromPort"),
        "ipProtocol": rule["IpProtocol"],
        "referencedSecurityGroupId": f"{prefix}{group['GroupId']}" if group else None,
        "securityGroupId": rule["GroupId"],
        "toPort": None if every else rule.get("ToPort"),
    }


def _compared(rule: Properties) -> tuple[Any, ...]:
    """What makes two rules of a group the same to AWS."""
    return tuple(rule.get(key) for key in ("ipProtocol", "fromPort", "toPort", *_SOURCES))


def _permission(inputs: Properties) -> Properties:
    described = given(Description=inputs.get("description"))
    group = inputs.get("referencedSecurityGroupId")
    account, _, own = group.rpartition("/") if group else ("", "", "")
    return given(
        IpProtocol=inputs["ipProtocol"],
        FromPort=inputs.get("fromPort"),
        ToPort=inputs.get("toPort"),
        IpRanges=[{"CidrIp": inputs["cidrIpv4"], **described}] if "cidrIpv4" in inputs else None,
        Ipv6Ranges=[{"CidrIpv6": inputs["cidrIpv6"], **described}] if "cidrIpv6" in inputs else None,
        UserIdGroupPairs=[{"GroupId": own, **given(UserId=account or None), **described}] if group else None,
    )


def _request(inputs: Properties) -> Properties:
    return given(
        CidrIpv4=inputs.get("cidrIpv4"),
        CidrIpv6=inputs.get("cidrIpv6"),
        # The embedded AWS overlooks an empty text, so a blank takes a description away (see _told).
        Description=inputs.get("description") or " ",
        FromPort=inputs.get("fromPort", -1),
        IpProtocol=inputs["ipProtocol"],
        ReferencedGroupId=inputs.get("referencedSecurityGroupId"),
        ToPort=inputs.get("toPort", -1),
    )


def _name_the_group(params: dict[str, Any], **_: Any) -> None:
    body = params["body"]
    rule = "SecurityGroupRule.1.SecurityGroupRule"
    if f"{rule}.ReferencedGroupId" in body:
        body[f"{rule}.ReferencedGroupInfo.GroupId"] = body[f"{rule}.ReferencedGroupId"]
