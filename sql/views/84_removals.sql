-- Things taken away. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- thing_of: what a call makes, changes or takes away, by the same name: iam:AccessKey user/alice.
CREATE MACRO thing_of(service, api, target) AS
    service || ':' || made_thing(api) || ' ' || replace(target, ' -', ' +');

-- things_of: what a call makes by each name a later call may use for it: that of the request, ids of the answer.
CREATE MACRO things_of(service, api, target, resources) AS
    [thing_of(service, api, target)]
    || list_transform(
        list_filter(resources, lambda named: starts_with(named.via, 'response.')),
        lambda named: thing_of(service, api, split_part(target, '/', 1) || '/' || named.name)
    );

-- noqa: enable=LT02,CP05

-- removals: one row a call that took away what another had made, or took something out of a list, whatever the scope.
CREATE VIEW removals AS
SELECT
    *,
    thing_of(service, api, target) AS removed_thing
FROM history
WHERE
    outcome = 'success'
    AND (undoes(api) OR contains(target, ' -'));

COMMENT ON VIEW removals IS
'Calls that took away what another had made, whatever the scope.';
COMMENT ON COLUMN removals.removed_thing IS
'What was taken away, as thing_of(service, api, target) names it for the call that made it; NULL '
'where the call has no target.';
