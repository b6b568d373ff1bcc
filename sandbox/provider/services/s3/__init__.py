"""S3: buckets, what is set on them, objects."""

from __future__ import annotations

from .bucket import Bucket
from .encryption import BucketServerSideEncryptionConfiguration
from .lifecycle import BucketLifecycleConfiguration
from .notification import BucketNotification
from .object import BucketObjectv2
from .ownership import BucketOwnershipControls
from .policy import BucketPolicy
from .public_access import BucketPublicAccessBlock
from .versioning import BucketVersioning

TYPES = (
    Bucket(),
    BucketLifecycleConfiguration(),
    BucketNotification(),
    BucketObjectv2(),
    BucketOwnershipControls(),
    BucketPolicy(),
    BucketPublicAccessBlock(),
    BucketServerSideEncryptionConfiguration(),
    BucketVersioning(),
)
