-- model_calls: one row a call of the AI models of Bedrock, or that sees to their use, in scope, and whether it worked.
CREATE VIEW model_calls AS
WITH calls AS (
    SELECT
        *,
        CASE
            WHEN
                regexp_matches(
                    api, '^(InvokeModel|Converse|StartAsyncInvoke|CreateModelInvocationJob)'
                )
                THEN 'model'
            WHEN regexp_matches(api, '^(Invoke|Retrieve)') THEN 'agent'
            WHEN
                api IN (
                    'PutUseCaseForModelAccess', 'PutFoundationModelEntitlement',
                    'CreateFoundationModelAgreement'
                )
                THEN 'access'
            WHEN api = 'CreateProvisionedModelThroughput' THEN 'capacity'
            WHEN regexp_matches(api, '^(Get|Put|Delete)ModelInvocationLoggingConfiguration$')
                THEN 'logging'
        END AS model_use,
        json_extract_string(request, '$.modelId') AS model,
        coalesce(json_extract_string(additional, '$.callWithBearerToken') = 'true', FALSE)
            AS by_api_key
    FROM events
    WHERE starts_with(service, 'bedrock') AND NOT is_aws_call
)

SELECT * FROM calls
WHERE model_use IS NOT NULL;

COMMENT ON VIEW model_calls IS
'Calls of others than AWS of the AI models of Bedrock, or that see to their use.';
COMMENT ON COLUMN model_calls.model_use IS
'model (asks one), agent (an agent, its memory or a knowledge base), access (opens access to '
'models), capacity (buys it), logging (looks whether prompts are logged, or changes that).';
COMMENT ON COLUMN model_calls.model IS 'The model, as the request names it: an id or ARN.';
COMMENT ON COLUMN model_calls.by_api_key IS
'It bore an API key of Bedrock, which the record does not name, in place of a signature.';
