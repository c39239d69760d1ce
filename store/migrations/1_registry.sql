-- Both databases take this text. Numbers of revisions start at 1; 0 is the empty registry.

-- One row. Every change set locks it and raises the revision.
CREATE TABLE registry (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id TEXT NOT NULL,
    revision BIGINT NOT NULL
);

-- The document is the record as JSON, with a mark in place of every secret.
CREATE TABLE extension (
    name TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    document TEXT NOT NULL
);

-- The data key of each instance that has secrets, encrypted.
CREATE TABLE data_key (
    extension TEXT NOT NULL REFERENCES extension (name) ON DELETE CASCADE,
    instance TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (extension, instance)
);

-- What stands at the marks, encrypted.
CREATE TABLE secret (
    extension TEXT NOT NULL,
    instance TEXT NOT NULL,
    profile TEXT NOT NULL,
    key TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (extension, instance, profile, key),
    FOREIGN KEY (extension, instance) REFERENCES data_key (extension, instance) ON DELETE CASCADE
);

-- Change log and audit in one; free of secrets. The extension is empty when the whole registry is
-- meant.
CREATE TABLE change (
    revision BIGINT NOT NULL,
    extension TEXT NOT NULL,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    from_revision BIGINT,
    to_revision BIGINT,
    differences TEXT NOT NULL,
    PRIMARY KEY (revision, extension)
);

CREATE INDEX change_by_extension ON change (extension, revision);

-- The registry at a revision, in the form in which it is opened fast.
CREATE TABLE image (
    revision BIGINT NOT NULL,
    part INTEGER NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (revision, part)
);
