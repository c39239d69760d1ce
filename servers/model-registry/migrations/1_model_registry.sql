-- Both databases take this text, with their own words in place of {identity}, {text} and
-- {clustered}. Times are in milliseconds since 1970.

-- Resources of every kind. What a column means for a kind, src/kind.rs says; what has no column is
-- in the document, which is JSON.
CREATE TABLE resource (
    id {identity},
    kind SMALLINT NOT NULL,
    -- The resource to which it belongs; 0 when its kind belongs to nothing; NULL when it could
    -- belong to something, and does not.
    parent BIGINT,
    -- The experiment, when it is an artifact of a run.
    experiment BIGINT,
    -- NULL where names may repeat: then it is in `text`.
    name {text},
    external_id {text},
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    state {text},
    status {text},
    start_time BIGINT,
    end_time BIGINT,
    -- A metric's value; NULL is NaN, which not every database knows.
    number DOUBLE PRECISION,
    text {text},
    step BIGINT,
    timestamp BIGINT,
    document {text} NOT NULL
);

CREATE UNIQUE INDEX resource_name ON resource (parent, kind, name);
CREATE INDEX resource_list ON resource (kind, parent, id);
CREATE UNIQUE INDEX resource_external_id ON resource ((kind / 10), external_id)
    WHERE external_id IS NOT NULL;

-- Custom properties. `type` is the number of src/store/property.rs; a double without a number is
-- NaN.
CREATE TABLE property (
    resource BIGINT NOT NULL,
    name {text} NOT NULL,
    type SMALLINT NOT NULL,
    text {text},
    integer BIGINT,
    number DOUBLE PRECISION,
    url {text},
    PRIMARY KEY (resource, name)
) {clustered};

-- The histories of runs' metrics. A NaN has the value 0 and the mark 1. A point that is written
-- again is the same point, so that a batch can be sent again. Points may have custom properties of
-- their own, as JSON; their hash tells them apart, and is 0 where there are none.
CREATE TABLE metric_point (
    metric BIGINT NOT NULL,
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    nan SMALLINT NOT NULL,
    hash BIGINT NOT NULL,
    properties {text},
    PRIMARY KEY (metric, timestamp, step, nan, value, hash)
) {clustered};

-- The points that were measured of a logged model.
CREATE TABLE model_point (
    model BIGINT NOT NULL,
    name {text} NOT NULL,
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    nan SMALLINT NOT NULL,
    run BIGINT NOT NULL,
    dataset_name {text} NOT NULL,
    dataset_digest {text} NOT NULL,
    PRIMARY KEY (model, name, step, timestamp, nan, value, run, dataset_name, dataset_digest)
) {clustered};
