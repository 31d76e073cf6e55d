//! The reports' queries.

use std::time::Duration;

use diesel::prelude::*;

use super::{Report, State};
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::database::schema::reports;
use crate::foundation::error::{Error, Result, first};
use crate::foundation::ids::{ReportId, WijkId};
use crate::foundation::uri::Uri;

/// How long a handled report is kept.
const KEPT_FOR: Duration = Duration::from_hours(4320);

pub fn find(conn: &mut Connection, id: ReportId) -> Result<Report> {
    let report = reports::table.find(id).select(Report::as_select()).first(conn).optional()?;
    report.ok_or(Error::NotFound)
}

/// The open ones of a wijk, or those for the administrators, oldest first.
pub fn open(conn: &mut Connection, wijk: Option<WijkId>, most: i64) -> Result<Vec<Report>> {
    let open = reports::table.filter(reports::state.eq(State::Open));
    let open = open.order(reports::id).limit(most).select(Report::as_select());
    Ok(match wijk {
        Some(wijk) => open.filter(reports::wijk_id.eq(wijk)).load(conn)?,
        None => open.filter(reports::wijk_id.is_null()).load(conn)?,
    })
}

/// How many [`open`] could list.
pub fn count_open(conn: &mut Connection, wijk: Option<WijkId>) -> Result<i64> {
    let open = reports::table.filter(reports::state.eq(State::Open));
    Ok(match wijk {
        Some(wijk) => open.filter(reports::wijk_id.eq(wijk)).count().get_result(conn)?,
        None => open.filter(reports::wijk_id.is_null()).count().get_result(conn)?,
    })
}

/// At most one in each wijk.
pub(super) fn open_of(
    conn: &mut Connection,
    wijk: Option<WijkId>,
    subject: &Uri,
    reporter: &str,
) -> Result<Option<Report>> {
    let same = reports::subject.eq(subject).and(reports::reporter.eq(reporter));
    let open: Vec<Report> = reports::table
        .filter(same.and(reports::state.eq(State::Open)))
        .select(Report::as_select())
        .load(conn)?;
    Ok(open.into_iter().find(|report| report.wijk_id == wijk))
}

pub(super) fn insert(conn: &mut Connection, report: &Report) -> Result<()> {
    diesel::insert_into(reports::table).values(report.clone()).execute(conn)?;
    Ok(())
}

/// Counts it, and answers the report as it is then: who adds to it waits for this transaction.
pub(super) fn said_again(conn: &mut Connection, id: ReportId) -> Result<Report> {
    let open = reports::table.filter(reports::id.eq(id).and(reports::state.eq(State::Open)));
    let counted = diesel::update(open).set(reports::times.eq(reports::times + 1)).execute(conn)?;
    first(counted, "it was handled meanwhile")?;
    find(conn, id)
}

pub(super) fn add_words(conn: &mut Connection, id: ReportId, words: &str) -> Result<()> {
    diesel::update(reports::table.find(id)).set(reports::words.eq(words)).execute(conn)?;
    Ok(())
}

/// Whoever reported is forgotten with it.
pub(super) fn close(
    conn: &mut Connection,
    report: &Report,
    state: State,
    answer: &str,
    is_passed_on: bool,
    now: Time,
) -> Result<()> {
    let open = reports::table.filter(reports::id.eq(report.id).and(reports::state.eq(State::Open)));
    let set = (
        reports::state.eq(state),
        reports::answer.eq(Some(answer)),
        reports::is_passed_on.eq(is_passed_on),
        reports::handled_at.eq(Some(now)),
        reports::reporter.eq(None::<String>),
    );
    first(diesel::update(open).set(set).execute(conn)?, "that was handled already")
}

pub fn sweep(conn: &mut Connection, now: Time) -> Result<usize> {
    let old = reports::table.filter(reports::handled_at.lt(now.minus(KEPT_FOR)));
    Ok(diesel::delete(old).execute(conn)?)
}
