//! In which order things are done and told.

use super::*;

const USUAL: Option<u64> = Some(10);

/// What each kind of job is called in a row.
fn job(name: char, said: &Arc<Mutex<String>>) -> Job {
    let size = match name {
        'x' | 'y' => None,
        's' => Some(5),
        'l' => Some(50),
        _ => USUAL,
    };
    let said = Arc::clone(said);
    let work = Box::new(move || -> Answer {
        assert_ne!(name, 'p', "this one panics");
        said.lock().unwrap().push(name);
        Box::new(move || said.lock().unwrap().push(name.to_ascii_uppercase()))
    });
    Job { size, work }
}

/// A small letter is a job that is done, a large one its answer. `s` is a short one and `l` a long
/// one, of `x` and `y` nobody knows, `p` panics.
#[test]
fn answers_follow_together_and_wait_for_nothing_longer() {
    for (jobs, order) in [
        ("", ""),
        ("a", "aA"),
        ("ab", "abAB"),
        ("abc", "abABcC"),
        ("abcd", "abABcdCD"),
        ("as", "asAS"),
        ("sa", "sSaA"),
        ("al", "aAlL"),
        ("la", "laLA"),
        ("ax", "aAxX"),
        ("xa", "xXaA"),
        ("xy", "xXyY"),
        ("abxc", "abABxXcC"),
        ("apb", "abAB"),
        ("ap", "aA"),
        ("p", ""),
    ] {
        let said = Arc::default();
        let line = Line::default();
        for name in jobs.chars() {
            line.push(job(name, &said));
        }
        line.lock().ended = true;
        line.work_off(&tell);
        assert_eq!(*said.lock().unwrap(), order, "{jobs}");
    }
}

/// However many threads there are, everybody gets an answer, also beside jobs that panic.
#[tokio::test]
async fn everybody_is_answered() {
    for threads in [1, 2, 3] {
        let hashers = Hashers::new(threads);
        let jobs = (0..40_u64).map(|number| {
            let size = (number % 3 > 0).then_some(number % 7);
            hashers.run(size, move || {
                assert_ne!(number % 10, 9, "every tenth panics");
                number
            })
        });
        let answers = futures_util::future::join_all(jobs).await;
        for (number, answer) in (0..).zip(answers) {
            let expected = if number % 10 == 9 {
                Err(Busy)
            } else {
                Ok(number)
            };
            assert_eq!(answer, expected, "{threads} threads");
        }
    }
}
