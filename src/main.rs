//! The program: its command line and nothing else.

mod command_line;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::run(std::env::args_os(), std::env::vars_os())
}
