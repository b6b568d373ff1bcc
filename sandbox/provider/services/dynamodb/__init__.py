"""DynamoDB: tables. Replicas, restores, imports and warm throughput aren't here."""

from __future__ import annotations

from .table import Table

TYPES = (Table(),)
