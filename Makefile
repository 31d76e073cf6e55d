# make run    builds the server and opens a demonstration: a wijk server and another server beside it
# make test   everything CI runs, on SQLite and on PostgreSQL
# make bench  what the spine reaches, on both databases, beside a bare axum server
# make check  the fast loop while writing: format, lints, tests on SQLite

SHELL := /bin/bash
target := $(or $(CARGO_TARGET_DIR),target)

.PHONY: run test check bench images-check

# $(call need,COMMAND,HOW TO GET IT)
need = command -v $(1) >/dev/null || { echo '$(1) is missing: $(2)' >&2; exit 1; }
need_rust = $(call need,cargo,install Rust 1.95 or newer with rustup) && $(call need,cc,apt-get install build-essential)

run:
	@$(need_rust)
	cargo build --release --locked
	@exec $(target)/release/likejewijk demo

test:
	@$(need_rust)
	@tests/run

check:
	@$(need_rust)
	@tests/run quick

bench:
	@$(need_rust)
	tests/with-postgres cargo bench --locked --bench spine

images-check:
	@tests/images-check
