#!/usr/bin/env bash
# Builds an image from a folder as a commit of this branch has it, and pushes it, unless it is there already:
#     deploy/push-image.sh REPOSITORY TAG FOLDER COMMIT
# COMMIT is a whole hash, so that a tag means the same in every stage.
set -euo pipefail

repository=$1 tag=$2 folder=$3 commit=$4

say() { echo "$repository:$tag: $*" >&2; }

if error=$(aws ecr describe-images --repository-name "$repository" --image-ids "imageTag=$tag" 2>&1 > /dev/null); then
  say "is there already"
  exit
elif [[ $error != *ImageNotFoundException* ]]; then
  say "$error"
  exit 1
fi
# Anybody's fork puts commits where git finds them by their hash: what is built was merged.
if ! [[ $commit =~ ^[0-9a-f]{40}$ ]] || ! git merge-base --is-ancestor "$commit" HEAD 2> /dev/null; then
  say "isn't there, and '$commit' is no commit of this branch that it could be built from"
  exit 1
fi

registry=$(aws sts get-caller-identity --query Account --output text).dkr.ecr.$AWS_REGION.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin "$registry"
git archive "$commit:$folder" | docker build --provenance=false --tag "$registry/$repository:$tag" -
docker push "$registry/$repository:$tag"
say "is pushed"
