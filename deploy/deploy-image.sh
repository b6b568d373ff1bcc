#!/usr/bin/env bash
# Gives a function of a container image another image, behind its alias `live`:
#     deploy/deploy-image.sh REPOSITORY FUNCTION TAG
# The image has to be there. The function is updated and published, and once it is active the alias moves. When the
# function's health then isn't 200, the alias moves back, and this fails. Otherwise the image gets its second tag,
# live-TAG, by which the repository's lifecycle keeps the last that were healthy: only then, or a row of unhealthy ones
# would push out the one that is live.
set -euo pipefail

repository=$1 function=$2 tag=$3

say() { echo "$function: $*" >&2; }

uri=$(aws ecr describe-images --repository-name "$repository" --image-ids "imageTag=$tag" \
  --query 'imageDetails[0].[registryId,imageDigest]' --output text) || {
  say "there is no image $repository:$tag; push it first"
  exit 1
}
registry=${uri%%$'\t'*}

before=$(aws lambda get-alias --function-name "$function" --name live --query FunctionVersion --output text)
image="$registry.dkr.ecr.$AWS_REGION.amazonaws.com/$repository:$tag"
aws lambda update-function-code --function-name "$function" --image-uri "$image" > /dev/null
aws lambda wait function-updated-v2 --function-name "$function"
version=$(aws lambda publish-version --function-name "$function" --description "$tag" --query Version --output text)
aws lambda wait published-version-active --function-name "$function" --qualifier "$version"

move() { aws lambda update-alias --function-name "$function" --name live --function-version "$1" > /dev/null; }

move "$version"
answer=$(mktemp) manifest=$(mktemp)
trap 'rm -f "$answer" "$manifest"' EXIT
failed=$(aws lambda invoke --function-name "$function" --qualifier live --cli-binary-format raw-in-base64-out \
  --payload '{"action": "health"}' --query FunctionError --output text "$answer") || failed=yes
if [[ $failed != None ]] || ! grep -Eq '"statusCode": ?200\b' "$answer"; then
  move "$before"
  say "version $version ($tag) isn't healthy; version $before is live again. It answered: $(head -c 500 "$answer")"
  exit 1
fi

aws ecr batch-get-image --repository-name "$repository" --image-ids "imageTag=$tag" \
  --query 'images[0].imageManifest' --output text > "$manifest"
if ! error=$(aws ecr put-image --repository-name "$repository" --image-tag "live-$tag" \
  --image-manifest "file://$manifest" 2>&1 > /dev/null) && [[ $error != *ImageAlreadyExistsException* ]]; then
  say "version $version ($tag) is live, but its image has no tag live-$tag and may be dropped; deploy it again: $error"
  exit 1
fi
say "version $version ($tag) is live"
