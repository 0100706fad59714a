//! The developer's inbox: mails are caught, not sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use cardea_core::time::Timestamp;
use serde_json::{Value, json};

use super::Written;

/// The oldest go when there are more.
const MOST_KEPT: usize = 500;

/// What was caught, newest first.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<VecDeque<(Written, Timestamp)>>);

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page {
    mails: Vec<Shown>,
}

struct Shown {
    mail: Written,
    at: String,
}

impl Inbox {
    pub(super) fn put(&self, mail: Written, at: Timestamp) {
        let mut caught = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        caught.push_front((mail, at));
        caught.truncate(MOST_KEPT);
    }

    /// As JSON, newest first: `[{to, subject, text, html, links, at}]`.
    pub(crate) fn to_json(&self) -> Value {
        let caught = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let show = |(mail, at): &(Written, Timestamp)| {
            json!({
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "html": mail.html,
                "links": mail.links,
                "at": at.to_string(),
            })
        };
        caught.iter().map(show).collect()
    }

    /// As a page.
    pub(crate) fn page(&self) -> Result<String, askama::Error> {
        let caught = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mails = caught.iter().map(|(mail, at)| Shown {
            mail: mail.clone(),
            at: at.to_string(),
        });
        let page = Page {
            mails: mails.collect(),
        };
        drop(caught);
        page.render()
    }

    /// Throws everything away: `dev` begins anew.
    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inbox(..)")
    }
}
