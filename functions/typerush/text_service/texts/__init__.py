"""Typing texts: kept in DynamoDB, written by a model on Bedrock."""
