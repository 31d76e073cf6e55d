//! The log of what was decided, by whom and why, for the moderators of a wijk.

use diesel::prelude::*;

use crate::foundation::clock::Time;
use crate::foundation::database::schema::decisions;
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::Result;
use crate::foundation::ids::{AccountId, DecisionId, WijkId};

text_enum! {
    Decision {
        Approved = "approved",
        Refused = "refused",
        Withdrawn = "withdrawn",
        PartnerVerified = "partner_verified",
        PartnerFrozen = "partner_frozen",
        PartnerUnfrozen = "partner_unfrozen",
        PartnerRenewed = "partner_renewed",
        PartnerRevoked = "partner_revoked",
        PartnerMoved = "partner_moved",
        PartnerPassOn = "partner_pass_on",
        Blocked = "blocked",
        Unblocked = "unblocked",
        ReportHandled = "report_handled",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions)]
#[diesel(treat_none_as_default_value = false)]
pub struct Record {
    pub id: DecisionId,
    pub wijk_id: Option<WijkId>,
    pub decision: Decision,
    /// `None`: the operator, by the command line.
    pub by_account: Option<AccountId>,
    /// The ActivityPub id of the post or actor it is about, or what was blocked.
    pub subject: String,
    pub reason: Option<String>,
    pub at: Time,
}

pub fn record(
    conn: &mut Connection,
    wijk: Option<WijkId>,
    decision: Decision,
    by: Option<AccountId>,
    subject: &str,
    reason: Option<&str>,
    now: Time,
) -> Result<()> {
    let record = Record {
        id: DecisionId::next(now),
        wijk_id: wijk,
        decision,
        by_account: by,
        subject: subject.to_owned(),
        reason: reason.map(ToOwned::to_owned),
        at: now,
    };
    diesel::insert_into(decisions::table).values(record).execute(conn)?;
    Ok(())
}

/// The latest first.
pub fn of_wijk(conn: &mut Connection, wijk: WijkId, most: i64) -> Result<Vec<Record>> {
    let rows = decisions::table
        .filter(decisions::wijk_id.eq(wijk))
        .order(decisions::id.desc())
        .limit(most);
    Ok(rows.select(Record::as_select()).load(conn)?)
}
