-- /// trailquery
-- title = "Instances launched"
-- question = "Who launched which instances: type, count, image, role, key, public address, region, and did it work?"
-- category = "management"
-- kind = "lead"
-- mitre = ["T1578.002", "T1496"]
-- example = "trailquery run instances_launched --min-count 5"
--
-- [params.min_count]
-- type = "integer"
-- default = 1
-- about = "Instances asked for in one call, at or above which it is listed"
--
-- [columns]
-- event_time = "When the call completed (UTC)"
-- actor = "The caller, readable: user, role/session; what services but CloudFormation launch is left out"
-- client_ip = "The caller's address"
-- client = "console, cloudshell, cli, sdk, iac, browser, service or other; forgeable"
-- instance_type = "The type, in Lightsail the bundle; NULL where a launch template says it and nothing was launched"
-- asked_for = "Instances asked for, at most"
-- instances = "The instances that came of it, in Lightsail those asked for"
-- image_id = "The image, in Lightsail the blueprint; NULL where a launch template says it and nothing was launched"
-- instance_profile = "The instance profile, whose role they get"
-- key_name = "The SSH key they get"
-- public_ip = "A public address was asked for; the subnet may give one unasked"
-- outcome = "success, denied, error or dry-run"
-- error_code = "Why it did not work"
-- account_id = "The account that has them"
-- region = "The region that has them"
-- event_id = "The event; see: trailquery run event"
-- ///
SELECT
    event_time, actor, client_ip, client, instance_type, asked_for,
    list_concat(
        json_extract_string(request, '$.instanceNames[*]'),
        list_transform(resources_of(resources, 'AWS::EC2::Instance'), lambda one: one.name)
    ) AS instances,
    coalesce(
        resources_of(resources, 'AWS::EC2::Image')[1].name,
        json_extract_string(request, '$.blueprintId')
    ) AS image_id,
    coalesce(
        resources_of(resources, 'AWS::IAM::InstanceProfile')[1].name,
        json_extract_string(request, '$.iamInstanceProfile.name')
    ) AS instance_profile,
    nullif(  -- what a launch template says is in the answer
        regexp_extract(concat_ws(' ', request, response), '"key(Pair)?Name" ?: ?"([^"]+)', 2), ''
    ) AS key_name,
    coalesce(regexp_matches(request, '"associatePublicIpAddress" ?: ?true'), FALSE) AS public_ip,
    outcome, error_code, account_id, region, event_id
FROM machine_orders
WHERE
    regexp_matches(action, ':(Run|RequestSpot|Create)Instances(FromSnapshot)?$|^ec2:.*Fleet$')
    AND asked_for >= $min_count
    AND event_id IN (SELECT events.event_id FROM events)
ORDER BY event_time, event_id
