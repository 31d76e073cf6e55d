//! The rules that a race, a restart or the other database could break, each on both of them, over the real rooms.

mod arriving;
mod counting;
mod deciding;
mod delivering;
mod following;
mod healing;
mod losing;
mod picturing;
mod refreshing;
mod rooms;
mod saying;
mod showing;
mod tables;
