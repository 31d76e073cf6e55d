-- One word that the outside must hear, written in the transaction of its cause. seq is drawn by the database
-- (a sequence) while the object's row is locked, so that it follows the order of commits.
CREATE TABLE outgoing (
    seq BIGSERIAL PRIMARY KEY NOT NULL,
    word TEXT NOT NULL CHECK (length(word) <= 30),
    -- What the word is about: words about one object are expanded and delivered in order.
    object TEXT NOT NULL CHECK (length(object) <= 2000),
    -- JSON: the word's own particulars.
    particulars TEXT NOT NULL CHECK (length(particulars) <= 20000),
    -- Of an alert: chosen before the others.
    is_urgent BOOLEAN NOT NULL,
    said_at BIGINT NOT NULL,
    -- The last follow already expanded to; expansion goes on behind it.
    cursor BIGINT NOT NULL,
    -- Its activity, and the other form of it for servers that want that.
    activity_id BIGINT,
    embedded_id BIGINT,
    leased_until BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'expanded', 'parked'))
);
CREATE INDEX outgoing_waiting ON outgoing (object, seq) WHERE state = 'waiting';

-- The activity as it is sent, stored once for all its deliveries.
CREATE TABLE activities (
    id BIGINT PRIMARY KEY NOT NULL,
    signer_id BIGINT NOT NULL,
    -- The post it speaks of, where it speaks of one.
    post_id BIGINT,
    -- Whether anybody may read it at its own URL: not who follows whom.
    is_public BOOLEAN NOT NULL,
    json TEXT NOT NULL CHECK (length(json) <= 200000),
    made_at BIGINT NOT NULL
);

CREATE TABLE deliveries (
    seq BIGINT NOT NULL,
    inbox TEXT NOT NULL CHECK (length(inbox) <= 2000),
    host TEXT NOT NULL CHECK (length(host) <= 300),
    object TEXT NOT NULL CHECK (length(object) <= 2000),
    activity_id BIGINT NOT NULL REFERENCES activities (id),
    -- As its word is, and so is all that is said about that object.
    is_urgent BOOLEAN NOT NULL,
    -- Answers that blamed this one activity (5xx, 401), not the host.
    refusals INTEGER NOT NULL,
    -- Its inbox moved, and this one goes to the new one.
    is_sent_on BOOLEAN NOT NULL,
    not_before BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    is_dead BOOLEAN NOT NULL,
    problem TEXT CHECK (length(problem) <= 500),
    PRIMARY KEY (seq, inbox)
);
CREATE INDEX deliveries_by_host ON deliveries (host, is_dead, is_urgent DESC, seq);
CREATE INDEX deliveries_by_activity ON deliveries (activity_id);

-- One worker at a time speaks with a host: a lease, and when it may be tried.
CREATE TABLE hosts (
    host TEXT PRIMARY KEY NOT NULL CHECK (length(host) <= 300),
    is_waiting BOOLEAN NOT NULL,
    not_before BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    -- In a row; 0 when it last answered.
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    seen_at BIGINT
);
CREATE INDEX hosts_waiting ON hosts (not_before) WHERE is_waiting;
