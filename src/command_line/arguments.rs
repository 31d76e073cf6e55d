//! The grammar of the command line. The doc comments are what `--help` says.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use likejewijk::foundation::clock::Time;
use likejewijk::neighbourhood::accounts::seats::Role;
use likejewijk::neighbourhood::partners::{Kind, PassOn};
use likejewijk::neighbourhood::posts::{self, event::Coordinates};
use likejewijk::neighbourhood::wijken::Colour;

use super::values::{self, language, one_of};

/// The channel of a Dutch neighbourhood, on the fediverse
#[derive(Debug, Parser)]
#[command(
    name = "likejewijk",
    version,
    disable_help_subcommand = true,
    override_usage = "likejewijk [OPTIONS] <COMMAND>"
)]
pub(super) struct Arguments {
    /// The configuration; without it likejewijk.toml in this folder, where there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Print for machines: a listing as an array, what was made as one object
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Print the commented sample of likejewijk.toml
    #[arg(long, hide = true)]
    pub(super) sample_config: bool,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server
    Serve {
        /// What this process does; several may share one PostgreSQL
        #[arg(long, value_enum, default_value = "all")]
        role: RoleOfProcess,
    },
    /// Bring the database up to date (serve does it too, under a lock)
    Migrate,
    /// Look whether everything is as it should be
    Check {
        /// Look at an actor on another server instead, step by step: @name@host, name@host or its address
        #[arg(long, value_name = "HANDLE")]
        peer: Option<String>,
    },
    /// Add, change, close and list wijken
    #[command(subcommand)]
    Wijk(WijkCommand),
    /// People who sign in
    #[command(subcommand)]
    Account(AccountCommand),
    /// Who moderates a wijk, who writes as its redactie or as a local partner
    #[command(subcommand)]
    Role(RoleCommand),
    /// Organisations and officers whose posts go straight through
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// What waits for a moderator
    #[command(subcommand)]
    Queue(QueueCommand),
    /// What a wijk passes on
    #[command(subcommand)]
    Announcement(AnnouncementCommand),
    /// Write as the wijk's redactie or as a local partner
    Post(Box<Post>),
    /// Whom a wijk or the whole server does not hear
    #[command(subcommand)]
    Block(BlockCommand),
    /// What waits to be delivered, per host
    Deliveries {
        #[command(subcommand)]
        command: Option<DeliveriesCommand>,
    },
    /// What came in and is not acted on yet
    Arrivals {
        #[command(subcommand)]
        command: Option<ArrivalsCommand>,
    },
    /// Other servers
    #[command(subcommand)]
    Instance(InstanceCommand),
    /// What our actors sign with
    #[command(subcommand)]
    Key(KeyCommand),
    /// Two servers that talk to each other, to look around in; nothing is left behind
    Demo,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleOfProcess {
    /// Pages, inboxes and the schedule
    All,
    /// Pages and inboxes
    Web,
    /// The schedule
    Worker,
}

#[derive(Debug, Subcommand)]
pub(super) enum WijkCommand {
    /// Make a wijk and its redactie
    Add {
        /// Its name in addresses: 2 to 20 of a-z, 0-9 and _
        slug: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        municipality: Option<String>,
        #[arg(long, default_value = "nl", value_parser = language)]
        language: String,
    },
    /// Change how a wijk presents itself; followers hear of it
    #[command(group = ArgGroup::new("change").required(true).multiple(true).args(["name", "summary", "colour"]))]
    Edit {
        slug: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        summary: Option<String>,
        #[arg(long, value_parser = one_of::<Colour>(Colour::ALL.iter().map(|colour| colour.as_str())))]
        colour: Option<Colour>,
    },
    /// End a wijk: its followers hear that it is gone
    Close { slug: String },
    /// The wijken, by name
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Write down a person, and print the link by which they choose a password
    Add {
        /// What they sign in with: 2 to 30 of a-z, 0-9 and _
        username: String,
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        #[arg(long)]
        name: Option<String>,
        /// Read the password from the first line of the input instead
        #[arg(long)]
        password_stdin: bool,
        /// May do everything
        #[arg(long)]
        admin: bool,
    },
    /// The accounts and their roles
    List,
    /// Sign somebody out and keep them out
    Disable { username: String },
    /// Print a new link by which they choose a password; opens a disabled account again
    Invite { username: String },
}

#[derive(Debug, Subcommand)]
pub(super) enum RoleCommand {
    /// Give a seat, or another end to one
    Grant {
        #[command(flatten)]
        seat: SeatArguments,
        /// The last day, as 2027-11-24; without it there is no end
        #[arg(long, value_name = "DATE", value_parser = Time::parse_until_date)]
        until: Option<Time>,
    },
    /// Take it back
    Revoke {
        #[command(flatten)]
        seat: SeatArguments,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).args(["wijk", "partner"]))]
pub(super) struct SeatArguments {
    pub(super) username: String,
    #[arg(value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
    pub(super) role: Role,
    /// A moderator decides for it, an editor writes as its redactie
    #[arg(long, value_name = "SLUG")]
    pub(super) wijk: Option<String>,
    /// The local partner that an editor writes as
    #[arg(long, value_name = "NAME")]
    pub(super) partner: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PartnerCommand {
    /// Verify an actor on another server, on your word
    Add {
        /// @name@host, name@host or the address of the actor
        #[arg(value_name = "HANDLE_OR_URL")]
        actor: String,
        #[command(flatten)]
        partner: NewPartnerArguments,
        /// Which of its posts the wijk passes on: mentions, hashtag:TAG or all. Beyond mentions the wijk follows it
        #[arg(long, value_name = "WHICH", default_value = "mentions")]
        pass_on: PassOn,
    },
    /// Pass on other posts of it; saying it again asks again who has not accepted the wijk's Follow
    PassOn {
        id: String,
        /// mentions, hashtag:TAG or all
        which: PassOn,
    },
    /// Who moved to another account is the same partner still
    Confirm { id: String },
    /// Make a local actor and verify it
    New {
        /// Its name in addresses: 2 to 30 of a-z, 0-9 and _
        #[arg(value_name = "NAME")]
        username: String,
        #[command(flatten)]
        partner: NewPartnerArguments,
        /// An officer, not an organisation
        #[arg(long)]
        person: bool,
    },
    /// The partners of a wijk
    List {
        #[arg(long, value_name = "SLUG")]
        wijk: String,
    },
    /// Off for now: its mark goes, its posts wait
    Freeze { id: String },
    /// On again
    Unfreeze { id: String },
    /// Another end, or none
    Renew {
        id: String,
        /// The last day, as 2027-11-24; without it there is no end
        #[arg(long, value_name = "DATE", value_parser = Time::parse_until_date)]
        until: Option<Time>,
    },
    /// Not a partner any more
    Revoke {
        id: String,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct NewPartnerArguments {
    #[arg(long, value_name = "SLUG")]
    pub(super) wijk: String,
    #[arg(long, value_parser = one_of::<Kind>(Kind::ALL.iter().map(|kind| kind.as_str())))]
    pub(super) kind: Kind,
    /// As people know it
    #[arg(long, value_name = "DISPLAYNAME")]
    pub(super) name: String,
    /// The last day, as 2027-11-24; without it there is no end
    #[arg(long, value_name = "DATE", value_parser = Time::parse_until_date)]
    pub(super) until: Option<Time>,
}

#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// What waits, oldest first
    List {
        #[arg(long, value_name = "SLUG")]
        wijk: String,
        /// Those that ask for a place in a thread instead
        #[arg(long)]
        replies: bool,
    },
    /// The wijk passes it on
    Approve { id: String },
    /// It leaves no trace in public
    Refuse {
        id: String,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AnnouncementCommand {
    /// Take it back; everybody who heard of it hears that
    Withdraw {
        /// The post's ActivityPub id, where it was written
        post: String,
        #[arg(long, value_name = "SLUG")]
        wijk: String,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Post {
    #[command(flatten)]
    pub(super) new: Option<NewPost>,
    #[command(subcommand)]
    pub(super) command: Option<PostCommand>,
}

#[derive(Debug, Args)]
pub(super) struct NewPost {
    #[arg(long, value_name = "SLUG")]
    pub(super) wijk: String,
    #[arg(
        long = "as",
        value_name = "NAME",
        help = "SLUG_redactie, or a local partner of the wijk"
    )]
    pub(super) author: String,
    #[arg(
        long,
        default_value = "news",
        value_parser = one_of::<posts::Kind>(posts::Kind::ALL.iter().map(|kind| kind.as_str()))
    )]
    pub(super) kind: posts::Kind,
    #[arg(long)]
    pub(super) title: Option<String>,
    /// A picture: JPEG, PNG, WebP or GIF; up to four, each with its --alt
    #[arg(long = "image", value_name = "FILE")]
    pub(super) images: Vec<PathBuf>,
    /// What is to be seen on it, for who cannot see it
    #[arg(long = "alt", value_name = "TEXT")]
    pub(super) alts: Vec<String>,
    /// When an event begins: 2026-09-26T14:00, on Dutch clocks unless it says otherwise
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(super) starts: Option<Time>,
    /// When an event or a poll ends
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(super) ends: Option<Time>,
    /// Where an event is: its name, street and town, with commas between
    #[arg(long)]
    pub(super) place: Option<String>,
    /// The same for a map, in degrees: 51.8891,4.5032
    #[arg(long, value_name = "LAT,LON", value_parser = values::coordinates, requires = "place", allow_hyphen_values = true)]
    pub(super) coordinates: Option<Coordinates>,
    /// What can be chosen in a poll; give it 2 to 10 times
    #[arg(long = "option", value_name = "TEXT")]
    pub(super) options: Vec<String>,
    /// More than one option may be chosen
    #[arg(long)]
    pub(super) multiple: bool,
    /// Blank lines make paragraphs, addresses and #hashtags become links
    pub(super) text: String,
}

/// What an edit names.
#[derive(Debug, Clone, Args)]
pub(super) struct Changes {
    #[arg(long)]
    pub(super) title: Option<String>,
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(super) starts: Option<Time>,
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    pub(super) ends: Option<Time>,
    #[arg(long)]
    pub(super) place: Option<String>,
    /// Of the place: 51.8891,4.5032
    #[arg(long, value_name = "LAT,LON", value_parser = values::coordinates, requires = "place", allow_hyphen_values = true)]
    pub(super) coordinates: Option<Coordinates>,
    /// The event does not go ahead
    #[arg(long)]
    pub(super) cancel: bool,
    pub(super) text: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PostCommand {
    /// Change it; what is not named stays as it is
    Edit {
        /// The post's ActivityPub id, as `post` printed it
        id: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Take it away for good; everybody who heard of it hears that
    Delete {
        /// The post's ActivityPub id, as `post` printed it
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum BlockCommand {
    /// Hear it no more, and show out who follows
    Add {
        /// A handle, the address of an actor, or a domain with all below it
        what: String,
        /// Without it: for the whole server
        #[arg(long, value_name = "SLUG")]
        wijk: Option<String>,
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// What is blocked: by this wijk, or by the server and every wijk
    List {
        #[arg(long, value_name = "SLUG")]
        wijk: Option<String>,
    },
    /// Hear it again
    Remove {
        what: String,
        #[arg(long, value_name = "SLUG")]
        wijk: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// Try everything for that host now, what was given up too
    Retry { host: String },
}

#[derive(Debug, Subcommand)]
pub(super) enum ArrivalsCommand {
    /// Try again what was put aside
    Retry,
}

#[derive(Debug, Subcommand)]
pub(super) enum InstanceCommand {
    /// The servers we know
    List,
    /// Says what kind of server it is, where its NodeInfo does not tell
    Set {
        /// Its name, as in `instance list`
        host: String,
        /// microblog, threadiverse, calendar, or auto: what its NodeInfo says
        #[arg(long, value_parser = ["microblog", "threadiverse", "calendar", "auto"])]
        kind: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Give an actor of ours a new key: an emergency, for a day some servers will not take what it says
    Rotate {
        /// A wijk, its redactie, a local partner, moderatie, or the name of this server for its own actor
        name: String,
    },
}
