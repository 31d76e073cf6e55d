//! Stories of the neighbourhood, one a file, each on both databases.

mod follow;
mod other_servers;
mod forms;
mod partner_post;
mod resident_post;
mod private;
mod edits;
mod kinds;
mod deletes;
mod duplicates;
mod check_peer;
mod pass_on;
mod moving;
mod rotation;
mod bad_command_lines;
mod replies;
mod reports;
mod lists;
mod calendars;
