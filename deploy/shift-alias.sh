#!/usr/bin/env bash
# Lets CodeDeploy move a function's alias `live` to its newest version, and waits for what comes of it:
#     deploy/shift-alias.sh REGION FUNCTION
# How fast the calls move, and which alarm takes them back, says the deployment group `live` of the application
# FUNCTION, which the program makes (components/traffic.py). Fails when the calls don't end on the newest version.
set -euo pipefail

export AWS_REGION=$1
function=$2

say() { echo "$function: $*" >&2; }

before=$(aws lambda get-alias --function-name "$function" --name live --query FunctionVersion --output text)
# As JSON: of text, the CLI would ask the query of every page by itself.
version=$(aws lambda list-versions-by-function --function-name "$function" \
  --query "max(Versions[?Version!='\$LATEST'].to_number(Version))" --output json)
if [[ $version == "$before" ]]; then
  say "version $version is live already"
  exit
fi

appspec=$(printf '{"version": 0.0, "Resources": [{"function": {"Type": "AWS::Lambda::Function", "Properties": %s}}]}' \
  "{\"Name\": \"$function\", \"Alias\": \"live\", \"CurrentVersion\": \"$before\", \"TargetVersion\": \"$version\"}")
id=$(aws deploy create-deployment --application-name "$function" --deployment-group-name live \
  --revision "{\"revisionType\": \"AppSpecContent\", \"appSpecContent\": {\"content\": \"${appspec//\"/\\\"}\"}}" \
  --query deploymentId --output text)
say "deployment $id moves version $before to $version"

# `aws deploy wait` gives up after half an hour, and a deployment may take longer.
status=Created
while [[ $status != @(Succeeded|Failed|Stopped) ]]; do
  sleep 15
  status=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.status --output text)
done
if [[ $status != Succeeded ]]; then
  why=$(aws deploy get-deployment --deployment-id "$id" --query deploymentInfo.errorInformation.message --output text)
  say "deployment $id ${status,,}: $why; CodeDeploy takes the calls back to version $before"
  exit 1
fi
say "version $version is live"
