"""How far a call reaches: list, read, write, tagging or permissions-management, as IAM classes its actions.

CloudTrail names services by their endpoint and calls by their API, IAM by prefix and action; the tables here bring
the two together. Source: AWS Service Authorization Reference; `access_levels.txt` names the package it is taken from.
"""

import re
from functools import cache
from pathlib import Path

# The endpoint's name in eventSource, then the IAM prefixes in whose actions its calls are.
_PREFIXES_TABLE = """
application-insights applicationinsights
bedrock bedrock bedrock-mantle
billingconsole billing aws-portal
billing billing aws-portal
catalog.marketplace aws-marketplace
cloudcontrolapi cloudformation
cognito-idp cognito-idp cognito-sync
data.iot iot
data.mediastore mediastore
discovery-marketplace aws-marketplace
email ses
entitlement-marketplace aws-marketplace
iotdata iot
metering-marketplace aws-marketplace
models.lex lex
monitoring cloudwatch
opensearch es
participant.connect connect
pinpoint mobiletargeting
rdsdata rds-data
rdsdataapi rds-data
resource-explorer resource-explorer-2
runtime.lex lex
runtime.sagemaker sagemaker
s3 s3 s3express s3-outposts s3-object-lambda
servicecatalog-appregistry servicecatalog
simpledb sdb
streams.dynamodb dynamodb
tagging tag
waf waf waf-regional
"""
_PREFIXES = {words[0]: tuple(words[1:]) for words in map(str.split, _PREFIXES_TABLE.strip().splitlines())}

# service, IAM action, then the names of the calls that it allows.
_ACTIONS_TABLE = """
dynamodb PartiQLSelect ExecuteStatement BatchExecuteStatement ExecuteTransaction
dynamodb GetItem TransactGetItems
dynamodb PutItem TransactWriteItems
kms ReEncryptFrom ReEncrypt
lambda InvokeFunction Invoke
s3 DeleteObject DeleteObjects
s3 GetAccelerateConfiguration GetBucketAccelerateConfiguration
s3 GetAnalyticsConfiguration GetBucketAnalyticsConfiguration
s3 GetBucketNotification GetBucketNotificationConfiguration
s3 GetEncryptionConfiguration GetBucketEncryption
s3 GetIntelligentTieringConfiguration GetBucketIntelligentTieringConfiguration
s3 GetInventoryConfiguration GetBucketInventoryConfiguration
s3 GetLifecycleConfiguration GetBucketLifecycle GetBucketLifecycleConfiguration
s3 GetMetricsConfiguration GetBucketMetricsConfiguration
s3 GetObject HeadObject SelectObjectContent
s3 GetBucketObjectLockConfiguration GetObjectLockConfiguration
s3 GetReplicationConfiguration GetBucketReplication
s3 ListAllMyBuckets ListBuckets ListDirectoryBuckets
s3 ListBucket HeadBucket ListObjects ListObjectsV2
s3 ListBucketMultipartUploads ListMultipartUploads
s3 ListBucketVersions ListObjectVersions
s3 ListMultipartUploadParts ListParts
s3 PutAccelerateConfiguration PutBucketAccelerateConfiguration
s3 PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock
s3 PutAnalyticsConfiguration PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration
s3 PutBucketCORS DeleteBucketCors
s3 PutBucketNotification PutBucketNotificationConfiguration
s3 PutBucketObjectLockConfiguration PutObjectLockConfiguration
s3 PutBucketOwnershipControls DeleteBucketOwnershipControls
s3 PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock
s3 PutBucketTagging DeleteBucketTagging
s3 PutEncryptionConfiguration PutBucketEncryption DeleteBucketEncryption
s3 PutIntelligentTieringConfiguration PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration
s3 PutInventoryConfiguration PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration
s3 PutLifecycleConfiguration PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle
s3 PutMetricsConfiguration PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration
s3 PutObject CompleteMultipartUpload CopyObject CreateMultipartUpload InitiateMultipartUpload PostObject UploadPart UploadPartCopy
s3 PutReplicationConfiguration PutBucketReplication DeleteBucketReplication
"""
_ACTIONS = {
    (service, call.lower()): action.lower()
    for service, action, *calls in map(str.split, _ACTIONS_TABLE.strip().splitlines())
    for call in calls
}
_TAGGING = re.compile(
    r"(Batch)?(Tag|Untag)(?![a-z])|(Add|Create|Delete|Put|Remove|Set|Change|Update)\w*Tag(s|ging)(?![a-z])"
)
_LISTING = re.compile(r"List(?![a-z])")
_NO_CALLS = frozenset({"service", "insight", "aggregated"})


def access_level(category: str, service: str | None, api: str | None, access: str | None) -> str | None:
    """list, read, write, tagging or permissions-management; null where AWS recorded no call.

    A call that IAM has no action for is judged by its verb, and by `access`.
    """
    if category in _NO_CALLS:
        return None
    known = iam_level(service, api)
    if known:
        return known
    if access == "write":
        return "tagging" if _TAGGING.match(api or "") else "write"
    return "list" if _LISTING.match(api or "") else "read"


def iam_level(service: str | None, api: str | None) -> str | None:
    """The level of the IAM action that allows this call; null where there is none that we know."""
    if not service or not api:
        return None
    name = api.lower()
    action = _ACTIONS.get((service, name), name)
    prefixes = _PREFIXES.get(service, (service,))
    return next((level for prefix in prefixes if (level := _levels().get((prefix, action)))), None)


@cache
def _levels() -> dict[tuple[str, str], str]:
    """Access level by IAM prefix and action, the action in small letters."""
    text = Path(__file__).with_name("access_levels.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {(prefix, action.lower()): level for prefix, level, *actions in lines for action in actions}
