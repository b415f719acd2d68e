-- /// trailquery
-- title = "Signs of mining"
-- question = "Did someone order more machines than before: accelerated or very large ones, in many regions, or containers that name a miner?"
-- category = "management"
-- kind = "finding"
-- severity = "high"
-- mitre = ["T1496.001", "T1578.002"]
-- why = "Stolen accounts are made to mine: the largest machines in every region, refused by limits more often than not. Harmless for a new training job or load test; what the same identity started on an earlier day, by the same call and of the same type, is left out."
-- next = "trailquery run timeline_session {session_id}"
-- example = "trailquery run mining_signs --min-gpu-vcpus 8"
--
-- [params.min_gpu_vcpus]
-- type = "integer"
-- default = 32
-- about = "Virtual CPUs of machines with accelerators asked for by one session on one day, at or above which it is listed"
--
-- [params.min_vcpus]
-- type = "integer"
-- default = 256
-- about = "Virtual CPUs that one call asks for, of any type, at or above which it is listed, or new services of containers, or calls in vain, one for each type and region, of a session and day; a container of unknown size counts as 2"
--
-- [params.min_regions]
-- type = "integer"
-- default = 5
-- about = "Regions in which it asked for machines, at or above which it is listed"
--
-- [columns]
-- first_time = "The first of these calls (UTC)"
-- last_time = "The last (UTC)"
-- actor = "The caller, readable: user, role/session"
-- client_ips = "The caller's addresses, sorted"
-- instance_types = "The types asked for, of tasks their CPU units, sorted"
-- vcpus = "Virtual CPUs asked for, as the types' names tell; a call repeated counts again"
-- gpu_vcpus = "Of these, in machines with accelerators: GPU, Trainium, Inferentia, FPGA"
-- names_miner = "A container, script or command names mining software or a pool"
-- regions = "Where, sorted"
-- actions = "The calls, sorted"
-- outcomes = "success, denied, error, dry-run: all that came, sorted"
-- error_codes = "Why calls did not work, sorted"
-- session_id = "The session that did it"
-- event_ids = "The events, sorted"
-- ///
SELECT
    min(event_time) AS first_time, max(event_time) AS last_time, actor,
    set_of(client_ip) AS client_ips, coalesce(set_of(instance_type), []) AS instance_types,
    sum(vcpus)::BIGINT AS vcpus,
    coalesce(sum(vcpus) FILTER (WHERE is_accelerated), 0)::BIGINT AS gpu_vcpus,
    bool_or(names_miner) AS names_miner, set_of(region) AS regions, set_of(action) AS actions,
    set_of(outcome) AS outcomes, coalesce(set_of(error_code), []) AS error_codes, session_id,
    list_sort(list(event_id)) AS event_ids
FROM machine_orders
WHERE
    event_id IN (SELECT events.event_id FROM events)
    AND (names_miner OR NOT got_before)
GROUP BY actor, session_id, event_date
HAVING
    gpu_vcpus >= $min_gpu_vcpus
    OR max(vcpus) >= $min_vcpus
    OR sum(vcpus) FILTER (WHERE outcome IN ('denied', 'error') AND NOT is_repetition) >= $min_vcpus
    OR sum(vcpus) FILTER (WHERE action = 'ecs:CreateService') >= $min_vcpus
    OR count(DISTINCT region) >= $min_regions
    OR bool_or(names_miner)
ORDER BY first_time, actor, session_id
