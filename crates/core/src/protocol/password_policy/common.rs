//! The passwords that are tried first, without a list of anybody's leaked ones: words and walks
//! over the keyboard that people choose, written down here by hand, and the ways in which they
//! vary them, as rules. Two hundred words and the rules below make some hundred thousand
//! passwords. What the rules do not reach, the estimate of the process does (zxcvbn has its own
//! list of thirty thousand).

/// Words that people choose, in English and German, lower case.
const WORDS: &str = "password passwort passw pass parole secret geheim login welcome willkommen \
    hello hallo admin administrator root user guest test testing tester default changeme letmein \
    master superman batman spiderman ironman starwars pokemon naruto dragon monkey tiger lion \
    shadow sunshine princess prinzessin flower football fussball baseball basketball soccer hockey \
    tennis golf summer sommer winter spring autumn fall herbst fruehling january february march \
    april may june july august september october november december januar februar maerz juni juli \
    oktober dezember monday tuesday wednesday thursday friday saturday sunday montag freitag \
    samstag sonntag love iloveyou loveyou lovely liebe schatz schatzi baby angel engel honey \
    sweetheart michael jennifer jessica ashley daniel david andrew joshua matthew anthony thomas \
    robert nicole michelle amanda sarah laura anna maria peter martin stefan andreas christian \
    alexander sebastian charlie jordan hunter harley buster ginger pepper cookie chocolate cheese \
    banana orange apple mustang ferrari porsche mercedes corvette yamaha computer internet \
    samsung google facebook twitter linkedin instagram microsoft windows linux apple iphone \
    freedom whatever nothing trustno trustnoone killer hacker ninja pirate wizard knight warrior \
    liverpool arsenal chelsea barcelona juventus bayern dortmund schalke yankees cowboys eagles \
    lakers london paris berlin hamburg muenchen koeln newyork america germany deutschland jesus \
    heaven god blessed family familie friends mother father money success winner lucky happy \
    smile music guitar rockyou metallica nirvana blink silver golden purple yellow black white \
    access server system oracle database manager office company firma business support service \
    temp temporary demo sample example qwertz passphrase correcthorsebatterystaple abcdef abcd \
    abc asdf xyz zxcv qwer";

/// Rows of keyboards, and what is counted on fingers: a password that is a walk over one of them,
/// in either direction, once or again and again.
const ROWS: [&str; 12] = [
    "1234567890",
    "0123456789",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "qazwsxedcrfvtgbyhn",
];

/// Whether a password, in lower case, is one of those.
pub(super) fn is_common(password: &str) -> bool {
    let letters: Vec<char> = password.chars().collect();
    let different = letters
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    different <= 2 || is_repeated(&letters) || is_walk(password) || is_word(password)
}

/// `abcabc`: the same few characters again and again.
fn is_repeated(letters: &[char]) -> bool {
    (1..=letters.len() / 2)
        .filter(|length| *length <= 4)
        .any(|length| {
            let first = letters.get(..length).unwrap_or_default();
            letters.chunks(length).all(|chunk| first.starts_with(chunk))
        })
}

/// Nothing but pieces of rows, each of three characters at least.
fn is_walk(password: &str) -> bool {
    let mut rest = password;
    while !rest.is_empty() {
        let longest = ROWS
            .iter()
            .flat_map(|row| [(*row).to_owned(), row.chars().rev().collect()])
            .map(|row| walked(&row, rest))
            .max()
            .unwrap_or(0);
        if longest < 3 {
            return false;
        }
        rest = rest.get(longest..).unwrap_or_default();
    }
    true
}

/// How many characters of `text` are a walk along the row, from wherever it begins.
fn walked(row: &str, text: &str) -> usize {
    let common = |tail: &str| {
        let pairs = tail.chars().zip(text.chars());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let starts = row.char_indices().filter_map(|(at, _)| row.get(at..));
    starts.map(common).max().unwrap_or(0)
}

/// A word, or two, with digits and signs before and after it, and letters written as digits.
fn is_word(password: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphabetic();
    let spelled: String = password.chars().map(spell).collect();
    let stripped = |text: &str| -> String {
        text.trim_matches(|letter: char| !is_letter(letter))
            .chars()
            .filter(|letter| is_letter(*letter))
            .collect()
    };
    // once as it is (`summer2024!`), once with the digits read as letters (`p4ssw0rd!`), where
    // those at the end are still digits
    let tail_cut = password.trim_end_matches(|letter: char| !is_letter(letter));
    let spelled_head: String = tail_cut.chars().map(spell).collect();
    let candidates = [
        stripped(password),
        stripped(&spelled),
        stripped(&spelled_head),
    ];
    candidates
        .iter()
        .any(|text| is_listed(text) || is_two(text))
}

/// `p4$$w0rd`.
const fn spell(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

fn is_listed(text: &str) -> bool {
    !text.is_empty() && WORDS.split_ascii_whitespace().any(|word| word == text)
}

/// The same word twice, or a short pair (`hellohello`, `welcomehome` is none).
fn is_two(text: &str) -> bool {
    let pairs = text
        .char_indices()
        .filter_map(|(at, _)| text.split_at_checked(at));
    pairs
        .filter(|(first, second)| !first.is_empty() && !second.is_empty())
        .any(|(first, second)| is_listed(first) && is_listed(second) && text.len() <= 16)
}
