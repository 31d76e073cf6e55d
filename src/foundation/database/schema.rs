//! The tables, as both databases have them; a test compares this file with what the migrations made.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    epochs (subject, part) {
        subject -> BigInt,
        part -> Integer,
        value -> BigInt,
    }
}

diesel::table! {
    actors (id) {
        id -> BigInt,
        uri -> Text,
        kind -> Text,
        domain -> Text,
        username -> Text,
        is_local -> Bool,
        name -> Text,
        summary -> Text,
        url -> Text,
        inbox -> Text,
        shared_inbox -> Nullable<Text>,
        claimed_handle -> Nullable<Text>,
        confirmed_handle -> Nullable<Text>,
        created_at -> BigInt,
        fetched_at -> BigInt,
        gone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    public_keys (key_id) {
        key_id -> Text,
        actor_id -> BigInt,
        public_key -> Text,
    }
}

diesel::table! {
    actor_keys (actor_id) {
        actor_id -> BigInt,
        sealed -> Binary,
        made_at -> BigInt,
        former_sealed -> Nullable<Binary>,
        former_through -> Nullable<BigInt>,
    }
}

diesel::table! {
    instances (host) {
        host -> Text,
        software -> Nullable<Text>,
        version -> Nullable<Text>,
        learned -> Nullable<Text>,
        given -> Nullable<Text>,
        ask_at -> BigInt,
    }
}

diesel::table! {
    wijken (id) {
        id -> BigInt,
        redactie_id -> BigInt,
        municipality -> Nullable<Text>,
        language -> Text,
        colour -> Text,
        updated_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    follows (id) {
        id -> BigInt,
        follower_id -> BigInt,
        target_id -> BigInt,
        uri -> Nullable<Text>,
        state -> Text,
        inbox -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    ended_follows (id) {
        id -> BigInt,
        target_id -> BigInt,
        inbox -> Text,
        since -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    stale_actors (actor_id) {
        actor_id -> BigInt,
        ask_at -> BigInt,
    }
}

diesel::table! {
    lost_followers (actor_id) {
        actor_id -> BigInt,
        days_gone -> Integer,
        ask_at -> BigInt,
    }
}

diesel::table! {
    blocks (id) {
        id -> BigInt,
        what -> Text,
        wijk_id -> Nullable<BigInt>,
        domain -> Nullable<Text>,
        actor_uri -> Nullable<Text>,
        reason -> Nullable<Text>,
        since -> BigInt,
    }
}

diesel::table! {
    unwilling (wijk_id, actor_id) {
        wijk_id -> BigInt,
        actor_id -> BigInt,
        uri -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        uri -> Text,
        author_id -> BigInt,
        object_type -> Text,
        kind -> Text,
        is_local -> Bool,
        visibility -> Text,
        url -> Text,
        in_reply_to -> Nullable<Text>,
        community -> Nullable<Text>,
        thread_id -> BigInt,
        published_at -> BigInt,
        received_at -> BigInt,
        newest_version -> BigInt,
        gone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    post_versions (id) {
        id -> BigInt,
        post_id -> BigInt,
        title -> Nullable<Text>,
        summary -> Nullable<Text>,
        content -> Text,
        language -> Nullable<Text>,
        is_sensitive -> Bool,
        attachments -> Text,
        event -> Nullable<Text>,
        poll -> Nullable<Text>,
        tags -> Text,
        shown_hash -> Binary,
        written_at -> BigInt,
    }
}

diesel::table! {
    raw_activities (id) {
        id -> BigInt,
        post_id -> BigInt,
        version_id -> Nullable<BigInt>,
        kind -> Text,
        is_signed -> Bool,
        json -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    pictures (id) {
        id -> BigInt,
        version_id -> BigInt,
        position -> Integer,
        source -> Text,
        host -> Text,
        state -> Text,
        large -> Nullable<Text>,
        card -> Nullable<Text>,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        bytes -> Nullable<BigInt>,
        blurhash -> Nullable<Text>,
        tries -> Integer,
        not_before -> BigInt,
        leased_until -> BigInt,
        wanted_at -> BigInt,
    }
}

diesel::table! {
    event_times (version_id) {
        version_id -> BigInt,
        starts_at -> BigInt,
        over_at -> BigInt,
    }
}

diesel::table! {
    version_tags (version_id, tag) {
        version_id -> BigInt,
        tag -> Text,
    }
}

diesel::table! {
    polls (post_id) {
        post_id -> BigInt,
        is_multiple -> Bool,
        ends_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        counts -> Text,
        voters -> Nullable<BigInt>,
        told_at -> BigInt,
        is_changed -> Bool,
    }
}

diesel::table! {
    poll_votes (post_id, voter, option) {
        post_id -> BigInt,
        voter -> Text,
        option -> Text,
    }
}

diesel::table! {
    poll_inboxes (post_id, inbox) {
        post_id -> BigInt,
        inbox -> Text,
    }
}

diesel::table! {
    tombstones (uri, author_uri) {
        uri -> Text,
        author_uri -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    private_posts (id) {
        id -> BigInt,
        wijk_id -> BigInt,
        author_id -> BigInt,
        uri -> Text,
        content -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    accounts (id) {
        id -> BigInt,
        username -> Text,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        is_admin -> Bool,
        auth_epoch -> BigInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitations (token_hash) {
        token_hash -> Text,
        account_id -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        account_id -> BigInt,
        auth_epoch -> BigInt,
        csrf -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    seats (id) {
        id -> BigInt,
        account_id -> BigInt,
        role -> Text,
        wijk_id -> Nullable<BigInt>,
        actor_id -> Nullable<BigInt>,
        until -> Nullable<BigInt>,
        granted_at -> BigInt,
    }
}

diesel::table! {
    partners (id) {
        id -> BigInt,
        wijk_id -> BigInt,
        actor_id -> BigInt,
        kind -> Text,
        name -> Text,
        state -> Text,
        pass_on -> Text,
        until -> Nullable<BigInt>,
        verified_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    announcements (id) {
        id -> BigInt,
        wijk_id -> BigInt,
        post_id -> BigInt,
        version_id -> BigInt,
        shown_hash -> Binary,
        state -> Text,
        announced_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    announcement_forms (announcement_id, host) {
        announcement_id -> BigInt,
        host -> Text,
        form -> Text,
    }
}

diesel::table! {
    reactions (id) {
        id -> BigInt,
        post_id -> BigInt,
        actor_id -> BigInt,
        kind -> Text,
        uri -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    submissions (id) {
        id -> BigInt,
        wijk_id -> BigInt,
        post_id -> BigInt,
        version_id -> BigInt,
        state -> Text,
        why -> Text,
        received_at -> BigInt,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    decisions (id) {
        id -> BigInt,
        wijk_id -> Nullable<BigInt>,
        decision -> Text,
        by_account -> Nullable<BigInt>,
        subject -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        wijk_id -> Nullable<BigInt>,
        subject -> Text,
        post_id -> Nullable<BigInt>,
        actor_id -> Nullable<BigInt>,
        why -> Text,
        words -> Text,
        host -> Nullable<Text>,
        reporter -> Nullable<Text>,
        times -> Integer,
        state -> Text,
        received_at -> BigInt,
        handled_at -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        is_passed_on -> Bool,
    }
}

diesel::table! {
    arrivals (id) {
        id -> BigInt,
        activity_uri -> Text,
        body_hash -> Binary,
        body -> Nullable<Binary>,
        actor_uri -> Text,
        domain -> Text,
        is_forwarded -> Bool,
        lane -> Text,
        state -> Text,
        tries -> Integer,
        not_before -> BigInt,
        leased_until -> BigInt,
        received_at -> BigInt,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    outgoing (seq) {
        seq -> BigInt,
        word -> Text,
        object -> Text,
        particulars -> Text,
        is_urgent -> Bool,
        said_at -> BigInt,
        cursor -> BigInt,
        activity_id -> Nullable<BigInt>,
        embedded_id -> Nullable<BigInt>,
        leased_until -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    activities (id) {
        id -> BigInt,
        signer_id -> BigInt,
        post_id -> Nullable<BigInt>,
        is_public -> Bool,
        json -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    deliveries (seq, inbox) {
        seq -> BigInt,
        inbox -> Text,
        host -> Text,
        object -> Text,
        activity_id -> BigInt,
        is_urgent -> Bool,
        refusals -> Integer,
        is_sent_on -> Bool,
        not_before -> BigInt,
        queued_at -> BigInt,
        is_dead -> Bool,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    hosts (host) {
        host -> Text,
        is_waiting -> Bool,
        not_before -> BigInt,
        leased_until -> BigInt,
        failures -> Integer,
        failing_since -> Nullable<BigInt>,
        seen_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    epochs,
    actors,
    public_keys,
    actor_keys,
    instances,
    wijken,
    follows,
    ended_follows,
    lost_followers,
    stale_actors,
    blocks,
    unwilling,
    posts,
    post_versions,
    raw_activities,
    pictures,
    event_times,
    version_tags,
    polls,
    poll_votes,
    poll_inboxes,
    tombstones,
    private_posts,
    accounts,
    invitations,
    sessions,
    seats,
    partners,
    announcements,
    announcement_forms,
    reactions,
    submissions,
    decisions,
    reports,
    arrivals,
    outgoing,
    activities,
    deliveries,
    hosts,
);
diesel::joinable!(public_keys -> actors (actor_id));
diesel::joinable!(actor_keys -> actors (actor_id));
diesel::joinable!(wijken -> actors (id));
diesel::joinable!(follows -> actors (follower_id));
diesel::joinable!(lost_followers -> actors (actor_id));
diesel::joinable!(unwilling -> actors (actor_id));
diesel::joinable!(posts -> actors (author_id));
diesel::joinable!(post_versions -> posts (post_id));
diesel::joinable!(pictures -> post_versions (version_id));
diesel::joinable!(polls -> posts (post_id));
diesel::joinable!(announcements -> posts (post_id));
diesel::joinable!(reactions -> posts (post_id));
diesel::joinable!(reactions -> actors (actor_id));
diesel::joinable!(submissions -> posts (post_id));
diesel::joinable!(partners -> actors (actor_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(invitations -> accounts (account_id));
diesel::joinable!(seats -> accounts (account_id));
diesel::joinable!(deliveries -> activities (activity_id));
diesel::joinable!(private_posts -> actors (author_id));
