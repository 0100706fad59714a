//! Memory after many tokens.

use std::thread;
use std::time::Duration;

use crate::failure::Outcome;
use crate::load::{self, Until};
use crate::machine::{self, Cores, Memory};
use crate::raw::Algorithm;
use crate::subject::Subject;
use crate::token::Wanted;

/// What is freed later is freed by then.
const QUIET: Duration = Duration::from_secs(10);
/// One token in so many is signed by RSA, which takes ten times as long as the others.
const RSA_SHARE: u32 = 20;

/// Issues `count` tokens and reads the memory when the server has been quiet for a while.
pub(crate) fn after_tokens(
    cores: Cores,
    subject: &Subject,
    wanted: &[Wanted],
    count: u32,
) -> Outcome<Memory> {
    let rsa = count / RSA_SHARE;
    for (algorithm, share) in [(Algorithm::Es256, count - rsa), (Algorithm::Rs256, rsa)] {
        let of_kind = wanted.iter().find(|one| one.algorithm == algorithm);
        if let (Some(wanted), 1..) = (of_kind, share) {
            load::run(cores, &subject.token(wanted), Until::Answers(share))?;
        }
    }
    thread::sleep(QUIET);
    machine::memory(subject.process.id())
}
