//! In which order things are done and told, on one thread.

use super::*;

/// What each kind of job is called in a row.
fn job(name: char, said: &Arc<Mutex<String>>) -> Job {
    let pace = match name {
        'x' | 'y' => Pace::Unknown,
        _ => Pace::Usual,
    };
    let said = Arc::clone(said);
    let work = Box::new(move || -> Answer {
        assert_ne!(name, 'p', "this one panics");
        said.lock().unwrap().push(name);
        Box::new(move || said.lock().unwrap().push(name.to_ascii_uppercase()))
    });
    Job { pace, work }
}

/// A small letter is a job that is done, a large one its answer; `x` and `y` may take long, `p`
/// panics.
#[test]
fn answers_follow_together_and_wait_for_nothing_long() {
    for (jobs, order) in [
        ("", ""),
        ("a", "aA"),
        ("ab", "abAB"),
        ("abc", "abABcC"),
        ("abcd", "abABcdCD"),
        ("ax", "aAxX"),
        ("xa", "xaXA"),
        ("xy", "xXyY"),
        ("abxc", "abABxcXC"),
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
        line.work_off();
        assert_eq!(*said.lock().unwrap(), order, "{jobs}");
    }
}

/// PASSWORD-22: who goes away leaves nothing behind that others wait for.
#[tokio::test]
async fn one_that_is_not_waited_for_holds_nobody_up() {
    let hashers = Hashers::new(1);
    tokio::select! {
        biased;
        _ = hashers.run(Pace::Usual, || 1) => {}
        () = std::future::ready(()) => {} // begun, and given up
    }
    let (start, started) = std::sync::mpsc::channel::<()>();
    let first = hashers.run(Pace::Usual, move || started.recv().is_ok());
    let second = hashers.run(Pace::Usual, || true);
    let third = async {
        start.send(()).unwrap();
        hashers.run(Pace::Unknown, || true).await
    };
    let all = tokio::join!(first, second, third);
    assert_eq!(all, (Ok(true), Ok(true), Ok(true)));
}
