-- variants: one row a copy of an event that differs from the one `history` shows, with its bytes.
CREATE VIEW variants AS
SELECT * FROM stored.variants;

-- rejects: one row a piece of a log file that could not be read, with its bytes.
CREATE VIEW rejects AS
SELECT source_file, position, reason, bytes, file_sha256, ingested_at FROM stored.rejects;

-- files: one row a log file, by the SHA-256 of its bytes; places are all the paths at which it lay, account,
-- region, organization, folder and prefix those of the first of them. A place that could not be read is a row of its
-- own until it is read.
CREATE VIEW files AS
SELECT
    file_sha256,
    list_sort(list(DISTINCT place)) AS places,
    min(kind) AS kind,
    arg_max(status, ingested_at) AS status,
    arg_max(reason, ingested_at) AS reason,
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
    min_by(etag, place) AS etag,
    min_by(version_id, place) AS version_id,
    min(last_modified) AS last_modified,
    min_by(storage_class, place) AS storage_class,
    min_by(encryption, place) AS encryption,
    min_by(metadata, place) AS metadata,
    min(ingested_at) AS ingested_at
FROM stored.files
GROUP BY file_sha256
HAVING arg_max(status, ingested_at) <> 'read since';

-- verdicts: one row a log file or digest and place, as `trailquery verify` found it; those read since are not checked.
CREATE VIEW verdicts AS
SELECT place, kind, file_sha256, verdict, reason, trail, hour, verified_at FROM stored.verdicts
UNION ALL
SELECT
    held.place,
    held.kind,
    held.file_sha256,
    'not checked' AS verdict,
    'not verified since it was read' AS reason,
    NULL AS trail,
    NULL AS hour,
    NULL AS verified_at
FROM (SELECT unnest(places) AS place, kind, file_sha256 FROM files) AS held
ANTI JOIN stored.verdicts AS known
    ON held.place = known.place AND held.file_sha256 IS NOT DISTINCT FROM known.file_sha256;

COMMENT ON VIEW variants IS
'Copies of an event that differ from the one history shows, with their bytes.';
COMMENT ON VIEW rejects IS 'Pieces of log files that could not be read.';
COMMENT ON COLUMN rejects.source_file IS 'Where the log file lay when it was read.';
COMMENT ON COLUMN rejects.position IS 'Place of the piece in the log file, from 0.';
COMMENT ON COLUMN rejects.reason IS 'Why it could not be read.';
COMMENT ON COLUMN rejects.bytes IS 'Its bytes, at most 1 MiB.';
COMMENT ON COLUMN rejects.file_sha256 IS 'SHA-256 of the bytes of the log file, hex.';
COMMENT ON COLUMN rejects.ingested_at IS 'When it was read (UTC).';
COMMENT ON VIEW files IS 'Log files, by the SHA-256 of their bytes.';
COMMENT ON COLUMN files.file_sha256 IS
'SHA-256 of its bytes, hex; unreadable-... where there are none.';
COMMENT ON COLUMN files.places IS 'Every path at which it lay.';
COMMENT ON COLUMN files.kind IS 'log, digest, insight, network-activity or aggregated.';
COMMENT ON COLUMN files.status IS
'loaded, partial, rejected; pruned: events removed; unread, archived: bytes not to be had.';
COMMENT ON COLUMN files.reason IS 'Why it is not loaded whole.';
COMMENT ON COLUMN files.size_bytes IS 'Its size in bytes.';
COMMENT ON COLUMN files.content_sha256 IS
'SHA-256 of what it inflates to, hex; digests name this one.';
COMMENT ON COLUMN files.content_bytes IS 'Bytes it inflates to.';
COMMENT ON COLUMN files.records IS 'Records read from it, rejects included.';
COMMENT ON COLUMN files.rejected IS 'Of these, rejected.';
COMMENT ON COLUMN files.first_event_time IS 'Its earliest event (UTC).';
COMMENT ON COLUMN files.last_event_time IS 'Its latest event (UTC).';
COMMENT ON COLUMN files.delivered_at IS 'When CloudTrail delivered it, from its name (UTC).';
COMMENT ON COLUMN files.account_id IS
'The account in its path, which may not be that of its records.';
COMMENT ON COLUMN files.region IS 'The region in its path.';
COMMENT ON COLUMN files.organization_id IS 'The organisation in its path.';
COMMENT ON COLUMN files.folder IS 'CloudTrail, CloudTrail-Digest, CloudTrail-Insight, ...';
COMMENT ON COLUMN files.prefix IS 'What stands before AWSLogs in its path.';
COMMENT ON COLUMN files.etag IS 'The ETag S3 gave it at the first of its places.';
COMMENT ON COLUMN files.version_id IS
'Its version in a versioned bucket, at the first of its places.';
COMMENT ON COLUMN files.last_modified IS 'When it was written to S3, at the earliest (UTC).';
COMMENT ON COLUMN files.storage_class IS 'Its storage class in S3; null: STANDARD.';
COMMENT ON COLUMN files.encryption IS 'AES256, or aws:kms and the ARN of the key.';
COMMENT ON COLUMN files.metadata IS
'The object''s own metadata in S3, JSON text; of a digest its signature.';
COMMENT ON COLUMN files.ingested_at IS 'When it was first read (UTC).';
COMMENT ON VIEW verdicts IS 'The verdict of trailquery verify on each log file and digest.';
COMMENT ON COLUMN verdicts.place IS 'Where it lies, or should lie.';
COMMENT ON COLUMN verdicts.kind IS 'log, digest, insight, network-activity or aggregated.';
COMMENT ON COLUMN verdicts.file_sha256 IS 'SHA-256 of its bytes, hex; joins to files.';
COMMENT ON COLUMN verdicts.verdict IS
'intact, pending, unverifiable, unlisted, changed, missing; or not checked.';
COMMENT ON COLUMN verdicts.reason IS 'Why, in words.';
COMMENT ON COLUMN verdicts.trail IS 'The trail whose digest tells of it.';
COMMENT ON COLUMN verdicts.hour IS
'End of the hour of the digest that tells or should, else the hour of delivery (UTC).';
COMMENT ON COLUMN verdicts.verified_at IS 'When it was verified (UTC).';
