-- variants: one row a copy of an event that differs from the one `history` shows, with its bytes.
CREATE VIEW variants AS
SELECT * FROM stored.variants;

-- rejects: one row a piece of a log file that could not be read, with its bytes.
CREATE VIEW rejects AS
SELECT source_file, position, reason, bytes, file_sha256, ingested_at FROM stored.rejects;

-- files: one row a log file, by the SHA-256 of its bytes; places are all the paths at which it lay, account,
-- region, organization, folder and prefix those of the first of them.
CREATE VIEW files AS
SELECT
    file_sha256,
    list_sort(list(DISTINCT place)) AS places,
    min(kind) AS kind,
    min(status) AS status,
    min(reason) AS reason,
    min(size_bytes) AS size_bytes,
    min(content_sha256) AS content_sha256,
    min(content_bytes) AS content_bytes,
    min(records) AS records,
    min(rejected) AS rejected,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    min(delivered_at) AS delivered_at,
    min_by(account_id, place) AS account_id,
    min_by(region, place) AS region,
    min_by(organization_id, place) AS organization_id,
    min_by(folder, place) AS folder,
    min_by(prefix, place) AS prefix,
    min(ingested_at) AS ingested_at
FROM stored.files
GROUP BY file_sha256;
