-- What a record names. (sqruff cannot indent a macro.)
-- noqa: disable=LT02,CP05

-- mentions: one of a record's resources has this name, id or ARN.
CREATE MACRO mentions(resources, name) AS
    len(list_filter(resources, lambda named: name IN (named.name, named.arn))) > 0;
