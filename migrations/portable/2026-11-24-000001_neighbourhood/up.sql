-- Times are milliseconds since 1970 UTC. Ids: src/foundation/ids.rs.

-- What was settled at the first start and may never change: the domain of every id.
CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Caches hold what they show under these numbers: 0 is the server, every other one a wijk.
CREATE TABLE epochs (
    subject BIGINT NOT NULL,
    -- Of the number, which is the sum: who adds to one waits for nobody who adds to another.
    part INTEGER NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (subject, part)
);

CREATE TABLE actors (
    id BIGINT PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL UNIQUE CHECK (length(uri) <= 2000),
    kind TEXT NOT NULL CHECK (kind IN ('Group', 'Organization', 'Person', 'Service', 'Application')),
    domain TEXT NOT NULL CHECK (length(domain) <= 300),
    username TEXT NOT NULL CHECK (length(username) <= 300),
    is_local BOOLEAN NOT NULL,
    name TEXT NOT NULL CHECK (length(name) <= 2048),
    summary TEXT NOT NULL CHECK (length(summary) <= 40000),
    url TEXT NOT NULL CHECK (length(url) <= 2000),
    inbox TEXT NOT NULL CHECK (length(inbox) <= 2000),
    shared_inbox TEXT CHECK (length(shared_inbox) <= 2000),
    -- Where it is not username@domain: as its document gives it, and as WebFinger of that host confirmed it.
    claimed_handle TEXT CHECK (length(claimed_handle) <= 600),
    confirmed_handle TEXT CHECK (length(confirmed_handle) <= 600),
    created_at BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL,
    gone_at BIGINT
);
-- Whose document is to be read again.
CREATE INDEX actors_by_age ON actors (fetched_at) WHERE NOT is_local;
CREATE INDEX actors_by_handle ON actors (domain, username);
CREATE INDEX actors_by_confirmed_handle ON actors (confirmed_handle) WHERE confirmed_handle IS NOT NULL;
-- Local actors of every kind share one name space.
CREATE UNIQUE INDEX actors_local_names ON actors (username) WHERE is_local;

-- What an actor signs with, as its own server publishes it: PEM, or a Multikey of FEP-521a. Ours have one each.
CREATE TABLE public_keys (
    key_id TEXT PRIMARY KEY NOT NULL CHECK (length(key_id) <= 2000),
    actor_id BIGINT NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL CHECK (length(public_key) <= 4000)
);
CREATE INDEX public_keys_by_actor ON public_keys (actor_id);

-- Private keys of local actors, sealed with secret_file.
CREATE TABLE actor_keys (
    actor_id BIGINT PRIMARY KEY NOT NULL REFERENCES actors (id) ON DELETE CASCADE,
    sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    -- After a rotation, the key before this one and the last word that it signs.
    former_sealed BYTEA,
    former_through BIGINT,
    CHECK ((former_sealed IS NULL) = (former_through IS NULL))
);

-- What we know of another server. The kind decides in which form it is spoken to.
CREATE TABLE instances (
    host TEXT PRIMARY KEY NOT NULL CHECK (length(host) <= 300),
    software TEXT CHECK (length(software) <= 100),
    version TEXT CHECK (length(version) <= 100),
    -- What its NodeInfo makes it, and what an administrator says it is.
    learned TEXT CHECK (learned IN ('microblog', 'threadiverse', 'calendar')),
    given TEXT CHECK (given IN ('microblog', 'threadiverse', 'calendar')),
    -- When its NodeInfo is asked for next.
    ask_at BIGINT NOT NULL
);
CREATE INDEX instances_to_ask ON instances (ask_at);

CREATE TABLE wijken (
    id BIGINT PRIMARY KEY NOT NULL REFERENCES actors (id),
    redactie_id BIGINT NOT NULL REFERENCES actors (id),
    municipality TEXT CHECK (length(municipality) <= 200),
    language TEXT NOT NULL CHECK (length(language) <= 10),
    colour TEXT NOT NULL CHECK (length(colour) <= 20),
    updated_at BIGINT NOT NULL,
    closed_at BIGINT
);

CREATE TABLE follows (
    id BIGINT PRIMARY KEY NOT NULL,
    follower_id BIGINT NOT NULL REFERENCES actors (id),
    target_id BIGINT NOT NULL REFERENCES actors (id),
    -- The Follow's id. NULL where the follow came along with a move: this actor asked for nothing itself.
    uri TEXT CHECK (length(uri) <= 2000),
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'refused')),
    inbox TEXT NOT NULL CHECK (length(inbox) <= 2000),
    since BIGINT NOT NULL,
    UNIQUE (follower_id, target_id)
);
CREATE INDEX follows_by_target ON follows (target_id, state, id);

-- Where a withdrawal must still be heard; not who followed.
CREATE TABLE ended_follows (
    id BIGINT PRIMARY KEY NOT NULL,
    target_id BIGINT NOT NULL REFERENCES actors (id),
    inbox TEXT NOT NULL CHECK (length(inbox) <= 2000),
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX ended_follows_by_target ON ended_follows (target_id, until);

-- Followers whose inbox said that it is gone; their actors are asked after daily.
CREATE TABLE lost_followers (
    actor_id BIGINT PRIMARY KEY NOT NULL REFERENCES actors (id),
    -- Days on which the actor was gone too.
    days_gone INTEGER NOT NULL,
    ask_at BIGINT NOT NULL
);
CREATE INDEX lost_followers_due ON lost_followers (ask_at);

-- Whose document was asked for because it was read long ago, and when that is done next where it did not come.
CREATE TABLE stale_actors (
    actor_id BIGINT PRIMARY KEY NOT NULL REFERENCES actors (id),
    ask_at BIGINT NOT NULL
);

CREATE TABLE blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    what TEXT NOT NULL CHECK (length(what) <= 2000),
    wijk_id BIGINT REFERENCES wijken (id),
    domain TEXT CHECK (length(domain) <= 300),
    actor_uri TEXT CHECK (length(actor_uri) <= 2000),
    reason TEXT CHECK (length(reason) <= 5000),
    since BIGINT NOT NULL,
    CHECK ((domain IS NULL) <> (actor_uri IS NULL))
);
CREATE UNIQUE INDEX blocks_once ON blocks (COALESCE(domain, ''), COALESCE(actor_uri, ''), COALESCE(wijk_id, 0));

-- Who blocked a wijk: it does not pass on what they write.
CREATE TABLE unwilling (
    wijk_id BIGINT NOT NULL REFERENCES wijken (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    -- The Block's id, by which it is undone.
    uri TEXT NOT NULL CHECK (length(uri) <= 2000),
    since BIGINT NOT NULL,
    PRIMARY KEY (wijk_id, actor_id)
);
CREATE INDEX unwilling_by_actor ON unwilling (actor_id);

CREATE TABLE posts (
    id BIGINT PRIMARY KEY NOT NULL,
    uri TEXT NOT NULL UNIQUE CHECK (length(uri) <= 2000),
    author_id BIGINT NOT NULL REFERENCES actors (id),
    -- The ActivityPub type.
    object_type TEXT NOT NULL
        CHECK (object_type IN ('Note', 'Page', 'Article', 'Question', 'Event', 'Image', 'Video')),
    -- What it is to a reader.
    kind TEXT NOT NULL CHECK (kind IN ('news', 'tip', 'event', 'works', 'alert', 'poll')),
    is_local BOOLEAN NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'quiet', 'private')),
    url TEXT NOT NULL CHECK (length(url) <= 2000),
    in_reply_to TEXT CHECK (length(in_reply_to) <= 2000),
    -- The group that it is in where it was written; none, or not known: NULL.
    community TEXT CHECK (length(community) <= 2000),
    -- The post that opened the conversation: itself where it answers nothing that is known here.
    thread_id BIGINT NOT NULL REFERENCES posts (id),
    published_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    newest_version BIGINT NOT NULL,
    gone_at BIGINT
);
CREATE INDEX posts_by_author ON posts (author_id);
CREATE INDEX posts_by_thread ON posts (thread_id, published_at);

CREATE TABLE post_versions (
    id BIGINT PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    title TEXT CHECK (length(title) <= 2000),
    summary TEXT CHECK (length(summary) <= 5000),
    content TEXT NOT NULL CHECK (length(content) <= 200000),
    language TEXT CHECK (length(language) <= 35),
    is_sensitive BOOLEAN NOT NULL,
    -- JSON: [{url, media_type, alt, focus}]
    attachments TEXT NOT NULL CHECK (length(attachments) <= 100000),
    -- JSON: when and where, of an event.
    event TEXT CHECK (length(event) <= 10000),
    -- JSON: the options, of a poll.
    poll TEXT CHECK (length(poll) <= 20000),
    -- JSON: its hashtags, in small letters and without the mark.
    tags TEXT NOT NULL CHECK (length(tags) <= 5000),
    -- SHA-256 over all that is shown: what an approval pins.
    shown_hash BYTEA NOT NULL,
    written_at BIGINT NOT NULL,
    UNIQUE (post_id, shown_hash)
);

-- What its author sent about a post written elsewhere, byte for byte: for servers that want it embedded or handed on.
CREATE TABLE raw_activities (
    id BIGINT PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    -- The version it says, and says nothing else than; none of a Delete.
    version_id BIGINT UNIQUE REFERENCES post_versions (id),
    kind TEXT NOT NULL CHECK (kind IN ('Create', 'Update', 'Delete')),
    -- Carries a signature of its own: other servers believe it whoever hands it on.
    is_signed BOOLEAN NOT NULL,
    json TEXT NOT NULL CHECK (length(json) <= 100000),
    received_at BIGINT NOT NULL
);
CREATE INDEX raw_activities_by_post ON raw_activities (post_id);

-- Our copies of pictures, by their place among a version's attachments.
CREATE TABLE pictures (
    id BIGINT PRIMARY KEY NOT NULL,
    version_id BIGINT NOT NULL REFERENCES post_versions (id),
    position INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (length(source) <= 2000),
    host TEXT NOT NULL CHECK (length(host) <= 300),
    state TEXT NOT NULL CHECK (state IN ('wanted', 'kept', 'refused', 'unseen')),
    -- Files in the folder media. Versions of one post share them.
    large TEXT CHECK (length(large) <= 30),
    card TEXT CHECK (length(card) <= 30),
    width INTEGER,
    height INTEGER,
    bytes BIGINT,
    blurhash TEXT CHECK (length(blurhash) <= 100),
    tries INTEGER NOT NULL,
    not_before BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    wanted_at BIGINT NOT NULL,
    UNIQUE (version_id, position),
    CHECK ((state = 'kept') = (large IS NOT NULL))
);
CREATE INDEX pictures_wanted ON pictures (host, not_before) WHERE state = 'wanted';
CREATE INDEX pictures_of_host ON pictures (host, wanted_at);
CREATE INDEX pictures_by_large ON pictures (large);
CREATE INDEX pictures_by_card ON pictures (card);

-- What the agenda is read by: when the event of a version begins, and when it leaves the agenda.
CREATE TABLE event_times (
    version_id BIGINT PRIMARY KEY NOT NULL REFERENCES post_versions (id),
    starts_at BIGINT NOT NULL,
    over_at BIGINT NOT NULL
);
CREATE INDEX event_times_by_end ON event_times (over_at);

-- What the page of a hashtag is read by.
CREATE TABLE version_tags (
    version_id BIGINT NOT NULL REFERENCES post_versions (id),
    tag TEXT NOT NULL CHECK (length(tag) <= 100),
    PRIMARY KEY (version_id, tag)
);
CREATE INDEX version_tags_by_tag ON version_tags (tag);

-- The votes of a poll, ours and elsewhere's.
CREATE TABLE polls (
    post_id BIGINT PRIMARY KEY NOT NULL REFERENCES posts (id),
    is_multiple BOOLEAN NOT NULL,
    ends_at BIGINT,
    closed_at BIGINT,
    -- JSON: [{option, votes}]
    counts TEXT NOT NULL CHECK (length(counts) <= 20000),
    voters BIGINT,
    -- Of ours: when the counts were told last, and whether they changed since.
    told_at BIGINT NOT NULL,
    is_changed BOOLEAN NOT NULL
);
CREATE INDEX polls_open ON polls (ends_at) WHERE closed_at IS NULL;

-- That somebody voted, not who: an HMAC of poll and actor. Forgotten when the poll closes.
CREATE TABLE poll_votes (
    post_id BIGINT NOT NULL REFERENCES polls (post_id),
    voter TEXT NOT NULL CHECK (length(voter) <= 64),
    option TEXT NOT NULL CHECK (length(option) <= 200),
    PRIMARY KEY (post_id, voter, option)
);

-- Shared inboxes of servers that voters came from: they hear the counts.
CREATE TABLE poll_inboxes (
    post_id BIGINT NOT NULL REFERENCES polls (post_id),
    inbox TEXT NOT NULL CHECK (length(inbox) <= 2000),
    PRIMARY KEY (post_id, inbox)
);

-- Ids that their author deleted: a late Create by the same author does not bring them back.
CREATE TABLE tombstones (
    uri TEXT NOT NULL CHECK (length(uri) <= 2000),
    author_uri TEXT NOT NULL CHECK (length(author_uri) <= 2000),
    at BIGINT NOT NULL,
    PRIMARY KEY (uri, author_uri)
);

-- Direct and followers-only posts that name a wijk. Shown nowhere.
CREATE TABLE private_posts (
    id BIGINT PRIMARY KEY NOT NULL,
    wijk_id BIGINT NOT NULL REFERENCES wijken (id),
    author_id BIGINT NOT NULL REFERENCES actors (id),
    uri TEXT NOT NULL CHECK (length(uri) <= 2000),
    content TEXT NOT NULL CHECK (length(content) <= 200000),
    received_at BIGINT NOT NULL,
    UNIQUE (wijk_id, uri)
);

CREATE TABLE accounts (
    id BIGINT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL UNIQUE CHECK (length(username) <= 30),
    email TEXT NOT NULL UNIQUE CHECK (length(email) <= 254),
    name TEXT NOT NULL CHECK (length(name) <= 100),
    password_hash TEXT CHECK (length(password_hash) <= 500),
    is_admin BOOLEAN NOT NULL,
    -- Sessions of an older epoch are over: new password, disabled.
    auth_epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE invitations (
    token_hash TEXT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    auth_epoch BIGINT NOT NULL,
    csrf TEXT NOT NULL CHECK (length(csrf) <= 64),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE seats (
    id BIGINT PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('moderator', 'editor')),
    wijk_id BIGINT REFERENCES wijken (id),
    actor_id BIGINT REFERENCES actors (id),
    until BIGINT,
    granted_at BIGINT NOT NULL,
    -- A moderator sits in a wijk; an editor writes as an actor (a redactie or a local partner).
    CHECK ((role = 'moderator' AND wijk_id IS NOT NULL AND actor_id IS NULL)
        OR (role = 'editor' AND actor_id IS NOT NULL))
);
CREATE UNIQUE INDEX seats_once ON seats (account_id, role, COALESCE(wijk_id, 0), COALESCE(actor_id, 0));

CREATE TABLE partners (
    id BIGINT PRIMARY KEY NOT NULL,
    wijk_id BIGINT NOT NULL REFERENCES wijken (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    kind TEXT NOT NULL CHECK (length(kind) <= 20),
    name TEXT NOT NULL CHECK (length(name) <= 200),
    state TEXT NOT NULL CHECK (state IN ('invited', 'pending', 'verified', 'frozen', 'revoked')),
    pass_on TEXT NOT NULL CHECK (length(pass_on) <= 200),
    until BIGINT,
    verified_at BIGINT,
    reason TEXT CHECK (length(reason) <= 5000),
    UNIQUE (wijk_id, actor_id)
);

CREATE TABLE announcements (
    id BIGINT PRIMARY KEY NOT NULL,
    wijk_id BIGINT NOT NULL REFERENCES wijken (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    -- The version that was approved, and the only one shown.
    version_id BIGINT NOT NULL REFERENCES post_versions (id),
    shown_hash BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('announced', 'withdrawn')),
    announced_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX announcements_once ON announcements (wijk_id, post_id) WHERE state = 'announced';
CREATE INDEX announcements_by_wijk ON announcements (wijk_id, state, id);
CREATE INDEX announcements_by_post ON announcements (post_id);

-- Servers that were told of an announcement otherwise than by the id of its post: an undoing must match.
CREATE TABLE announcement_forms (
    announcement_id BIGINT NOT NULL REFERENCES announcements (id),
    host TEXT NOT NULL CHECK (length(host) <= 300),
    form TEXT NOT NULL CHECK (form IN ('object', 'embedded', 'untold')),
    PRIMARY KEY (announcement_id, host)
);

-- What others think of a post that is shown here: counted, never listed.
CREATE TABLE reactions (
    id BIGINT PRIMARY KEY NOT NULL,
    post_id BIGINT NOT NULL REFERENCES posts (id),
    actor_id BIGINT NOT NULL REFERENCES actors (id),
    kind TEXT NOT NULL CHECK (kind IN ('like', 'dislike', 'share')),
    -- The activity's id, by which it is taken back.
    uri TEXT NOT NULL CHECK (length(uri) <= 2000),
    at BIGINT NOT NULL,
    UNIQUE (post_id, actor_id, kind)
);
CREATE INDEX reactions_by_actor ON reactions (actor_id);

CREATE TABLE submissions (
    id BIGINT PRIMARY KEY NOT NULL,
    wijk_id BIGINT NOT NULL REFERENCES wijken (id),
    post_id BIGINT NOT NULL REFERENCES posts (id),
    version_id BIGINT NOT NULL REFERENCES post_versions (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    why TEXT NOT NULL CHECK (why IN ('stranger', 'newcomer', 'edit', 'rule', 'partner', 'reply')),
    received_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE UNIQUE INDEX submissions_waiting_once ON submissions (wijk_id, post_id) WHERE state = 'waiting';
CREATE INDEX submissions_by_wijk ON submissions (wijk_id, state, id);
CREATE INDEX submissions_by_post ON submissions (post_id);

-- Who decided what and why, for the moderators. by_account is null for the operator's command line and for authors.
CREATE TABLE decisions (
    id BIGINT PRIMARY KEY NOT NULL,
    wijk_id BIGINT REFERENCES wijken (id),
    decision TEXT NOT NULL CHECK (length(decision) <= 30),
    by_account BIGINT REFERENCES accounts (id),
    subject TEXT NOT NULL CHECK (length(subject) <= 2000),
    reason TEXT CHECK (length(reason) <= 5000),
    at BIGINT NOT NULL
);
CREATE INDEX decisions_by_wijk ON decisions (wijk_id, id);

-- Somebody says that something is not right. Who does is known by a keyed hash alone, as long as the report is open.
CREATE TABLE reports (
    id BIGINT PRIMARY KEY NOT NULL,
    -- Null: for the administrators.
    wijk_id BIGINT REFERENCES wijken (id),
    subject TEXT NOT NULL CHECK (length(subject) <= 2000),
    post_id BIGINT REFERENCES posts (id),
    actor_id BIGINT REFERENCES actors (id),
    why TEXT NOT NULL CHECK (why IN ('wrong', 'tone', 'privacy', 'safety', 'advertising', 'other')),
    words TEXT NOT NULL CHECK (length(words) <= 5000),
    -- Null: by a page of this site.
    host TEXT CHECK (length(host) <= 300),
    reporter TEXT CHECK (length(reporter) <= 100),
    times INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'taken_back')),
    received_at BIGINT NOT NULL,
    handled_at BIGINT,
    answer TEXT CHECK (length(answer) <= 5000),
    is_passed_on BOOLEAN NOT NULL,
    CHECK ((state = 'open') = (reporter IS NOT NULL) AND (state = 'open') = (handled_at IS NULL))
);
CREATE UNIQUE INDEX reports_open_once ON reports (reporter, subject, COALESCE(wijk_id, 0)) WHERE state = 'open';
CREATE INDEX reports_by_wijk ON reports (wijk_id, state, id);

-- An activity received, verified and kept as it came. body is dropped once it was acted on; the hash stays 30 days.
CREATE TABLE arrivals (
    id BIGINT PRIMARY KEY NOT NULL,
    activity_uri TEXT NOT NULL CHECK (length(activity_uri) <= 2000),
    body_hash BYTEA NOT NULL,
    body BYTEA,
    actor_uri TEXT NOT NULL CHECK (length(actor_uri) <= 2000),
    -- The actor's server: what acting on it may have to wait for.
    domain TEXT NOT NULL CHECK (length(domain) <= 300),
    -- Signed by another server than the actor's: a hint, believed in nothing.
    is_forwarded BOOLEAN NOT NULL,
    -- What must be acted on in order: the object, or follower and followed.
    lane TEXT NOT NULL CHECK (length(lane) <= 5000),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'done')),
    tries INTEGER NOT NULL,
    not_before BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    done_at BIGINT,
    -- A forwarded copy that came first does not swallow what the actor itself sends.
    UNIQUE (activity_uri, body_hash, is_forwarded)
);
-- With the server, so that a claim steps over those of one that has its share without reading them.
CREATE INDEX arrivals_waiting ON arrivals (not_before, id, domain) WHERE state = 'waiting';
CREATE INDEX arrivals_at_work ON arrivals (domain) WHERE state = 'waiting' AND leased_until > 0;
CREATE INDEX arrivals_lanes ON arrivals (lane, id) WHERE state = 'waiting';
CREATE INDEX arrivals_done ON arrivals (done_at) WHERE state = 'done';
