"""Which words of CloudTrail's are AWS's own, and where names stand: what pseudonyms leave, and where they look."""

import re

_RESOURCE_TYPES = """
accelerator access-key access-point alarm alias analyzer application assumed-role backup-vault bucket build
certificate channel cluster connection container-instance contact cross-account-attachment crawler database dashboard
db delivery-stream deploymentgroup destination detector directory distribution document domain elastic-ip endpoint
event-bus event-source-mapping eventdatastore execution federated-user file-system function group hostedzone hub image
instance instance-profile internet-gateway ip-access-settings job key key-pair launch-template layer listener
loadbalancer log-group log-stream mfa mesh model nat-gateway network-acl network-interface oidc-provider organization
ou parameter permissionset pipeline policy project protection queue recorder registry replication-group repository
resolver-rule resource-share role root route-table rule saml-provider schedule secret security-group
security-group-rule server-certificate service session sms-mfa snapshot sso stack stackset stage state-machine
stateMachine statemachine stream subnet subscription table target-group task task-definition topic trail trust-anchor
u2f user vault volume vpc vpc-endpoint vpn-connection webacl workgroup workspace
"""
_WORDS = """
root anonymous federated account sso aws AWS Internal management data signin insight network aggregated read write
list tagging permissions-management success denied error dry-run auth-failed throttled limit not-found conflict
invalid server other Root IAMUser AssumedRole Role FederatedUser Directory AWSAccount AWSService SAMLUser
WebIdentityUser IdentityCenterUser Unknown HIDDEN_DUE_TO_SECURITY_REASONS long-term temporary private cloud vpn tor
public none gcp mullvad console cloudshell cli sdk iac browser finding lead question low medium high critical AWSLogs
CloudTrail CloudTrail-Digest CloudTrail-Insight CloudTrail-NetworkActivity true false null yes no arn http https s3
sts iam aws-service-role service-role aws-reserved 2012-10-17 2008-10-17 log digest loaded partial rejected unread
archived intact pending unverifiable unlisted changed missing unchecked default latest attempt event events row rows
trailquery logs digests files objects bytes running stopping stopped terminated shutting-down
user time type name value and the for with from into not was were has
"""
_FILE_ENDINGS = """
avro bak bin bz2 csv db doc docx env gif gz html ini jar java jpg js json jsonl key log md mp4 ndjson parquet pdf pem
png ppt pptx ps1 py rar sh sql sqlite tar tf tfstate tgz ts txt war xls xlsx xml xz yaml yml zip zst
"""
RESOURCE_TYPES = frozenset(_RESOURCE_TYPES.split())  # in an ARN behind the account: what kind of resource it names
# Closed vocabularies, what an `actor` says beside a name, parts of the keys of trails, and words that our own notes need.
WORDS = RESOURCE_TYPES | frozenset(_WORDS.split())
AWS_OWN = re.compile(
    r"\.amazonaws\.com|\.aws\.amazon\.com"
    r"|^(?:AWSServiceRoleFor|aws:|(?:[a-z0-9-]+\.)*(?:amazon|aws)\.com$)"
    r"|^[a-z]{2}(?:-[a-z]+)+-[0-9][a-z]?$|^AWS::|^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z?)?$"
)
FILE_ENDINGS = frozenset(_FILE_ENDINGS.split())
# Members of requests and responses whose values are names.
NAME_KEYS = re.compile(
    r"(?i)(?<!event)(?<!service)(?<!parameter)"
    r"(?:name|identifier|alias|e-?mail(?:address)?|path|prefix|title|description|comment|user|userid|principalid|owner|group|role"
    r"|principal|domain|fqdn|bucket|key|url|uri|externalid|external-id|serialnumber|sourceidentity|location|database|table|profile"
    r"|issuer|subject|nameid|displayname|reason|resourceid|secretid|value|delegate)s?$"
)
