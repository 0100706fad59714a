//! A small part of Lucene's search language, read into a tree.
//!
//! `field:value`, `field:"exact"`, `field:start*`, `field:*`, `field:(a OR b)`,
//! `field:[from TO to}`, bare words, `AND`, `OR`, `NOT`, `-`, parentheses. Two clauses side by
//! side must both hold. Everything else is refused (attack MGMT-12): what is evaluated is the
//! tree, over the tenant's own rows, and never text handed to a database. Which fields there are,
//! and what a value means in them, is the caller's to say.

use super::error::ApiError;

/// The longest query, in characters.
pub(super) const MAX_LENGTH: usize = 2000;
const MAX_DEPTH: usize = 10;
const MAX_TERMS: usize = 50;

/// A parsed search over terms.
#[derive(Debug)]
pub(super) enum Node<T> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(T),
}

impl<T> Node<T> {
    /// Whether it holds, where `test` says so of a term.
    pub(super) fn holds(&self, test: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(test)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(test)),
            Self::Not(node) => !node.holds(test),
            Self::Term(term) => test(term),
        }
    }

    /// The first of `pick` among the terms without which it cannot hold.
    pub(super) fn necessary<P>(&self, pick: &impl Fn(&T) -> Option<P>) -> Option<P> {
        match self {
            Self::Term(term) => pick(term),
            Self::All(nodes) => nodes.iter().find_map(|node| node.necessary(pick)),
            Self::Any(nodes) => match nodes.as_slice() {
                [only] => only.necessary(pick),
                _ => None,
            },
            Self::Not(_) => None,
        }
    }
}

/// What stands after a field's colon, or alone.
#[derive(Debug, PartialEq)]
pub(super) enum Text {
    /// May hold `*`.
    Word(String),
    Quoted(String),
    Range {
        from: String,
        to: String,
        /// Whether `from` itself is in the range.
        open: bool,
        /// Whether `to` itself is in the range.
        closed: bool,
    },
}

pub(super) type Why = &'static str;

/// Reads a query. `field` knows the fields, `term` what is looked for in one (or anywhere).
pub(super) fn parse<F: Clone, T>(
    query: &str,
    field: impl Fn(&str) -> Result<F, Why>,
    term: impl Fn(Option<&F>, Text) -> Result<T, Why>,
) -> Result<Node<T>, ApiError> {
    let refused = |why| ApiError::query(&format!("Query syntax is not supported: {why}"), "q");
    let tokens = lex(query, &field).map_err(refused)?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        terms: 0,
        term,
    };
    let node = parser.any(None, 0).map_err(refused)?;
    match parser.tokens.next() {
        None => Ok(node),
        Some(_) => Err(refused("unbalanced parentheses")),
    }
}

#[derive(Debug)]
enum Token<F> {
    Open,
    Close,
    Field(F),
    Text(Text),
    And,
    Or,
    Not,
}

fn lex<F>(query: &str, field: &impl Fn(&str) -> Result<F, Why>) -> Result<Vec<Token<F>>, Why> {
    let mut tokens = Vec::new();
    let mut rest = query.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            c if c.is_whitespace() => {
                rest.next();
            }
            '(' => {
                rest.next();
                tokens.push(Token::Open);
            }
            ')' => {
                rest.next();
                tokens.push(Token::Close);
            }
            '-' | '!' => {
                rest.next();
                tokens.push(Token::Not);
            }
            '"' => {
                rest.next();
                tokens.push(Token::Text(Text::Quoted(quoted(&mut rest)?)));
            }
            '[' | '{' => {
                rest.next();
                tokens.push(Token::Text(range(&mut rest, next == '[')?));
            }
            _ => {
                let after_field = matches!(tokens.last(), Some(Token::Field(_)));
                tokens.push(word(&mut rest, after_field, field)?);
            }
        }
    }
    Ok(tokens)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(rest: &mut Chars<'_>) -> Result<String, Why> {
    let mut text = String::new();
    loop {
        match rest.next().ok_or("a quote is not closed")? {
            '"' => return Ok(text),
            '\\' => text.push(rest.next().ok_or("a quote is not closed")?),
            c => text.push(c),
        }
    }
}

fn range(rest: &mut Chars<'_>, open: bool) -> Result<Text, Why> {
    let mut text = String::new();
    let closed = loop {
        match rest.next().ok_or("a range is not closed")? {
            ']' => break true,
            '}' => break false,
            '"' => {}
            c => text.push(c),
        }
    };
    let (from, to) = text.split_once(" TO ").ok_or("a range is [from TO to]")?;
    let (from, to) = (from.trim().to_owned(), to.trim().to_owned());
    Ok(Text::Range {
        from,
        to,
        open,
        closed,
    })
}

fn word<F>(
    rest: &mut Chars<'_>,
    after_field: bool,
    field: &impl Fn(&str) -> Result<F, Why>,
) -> Result<Token<F>, Why> {
    let mut text = String::new();
    let mut escaped = false;
    while let Some(&next) = rest.peek() {
        match next {
            ':' if !after_field => {
                rest.next();
                return field(&text).map(Token::Field);
            }
            c if c.is_whitespace() || matches!(c, '(' | ')' | '"') => break,
            '\\' => {
                rest.next();
                escaped = true;
                match rest.next().ok_or("nothing after a backslash")? {
                    '*' => return Err("a wildcard is escaped by quotes"),
                    c => text.push(c),
                }
            }
            '?' | '~' | '^' | '[' | ']' | '{' | '}' | '<' | '>' => return Err(OPERATOR),
            // one alone is a part of an id, two are an operator
            '&' | '|' if text.is_empty() || text.ends_with(next) => return Err(OPERATOR),
            c => {
                rest.next();
                text.push(c);
            }
        }
    }
    match text.as_str() {
        "AND" if !after_field && !escaped => Ok(Token::And),
        "OR" if !after_field && !escaped => Ok(Token::Or),
        "NOT" if !after_field && !escaped => Ok(Token::Not),
        text if text.starts_with('/') && !escaped => Err(OPERATOR),
        text if text.starts_with('+') && !escaped && !after_field => Err(OPERATOR),
        _ => Ok(Token::Text(Text::Word(text))),
    }
}

const OPERATOR: Why = "an operator that is not supported";

struct Parser<F, Term> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token<F>>>,
    terms: usize,
    term: Term,
}

impl<F: Clone, T, Term: Fn(Option<&F>, Text) -> Result<T, Why>> Parser<F, Term> {
    fn any(&mut self, field: Option<&F>, depth: usize) -> Result<Node<T>, Why> {
        let mut nodes = vec![self.all(field, depth)?];
        let or = |token: &Token<F>| matches!(token, Token::Or);
        while self.tokens.next_if(or).is_some() {
            nodes.push(self.all(field, depth)?);
        }
        Ok(Node::Any(nodes))
    }

    fn all(&mut self, field: Option<&F>, depth: usize) -> Result<Node<T>, Why> {
        let mut nodes = vec![self.one(field, depth)?];
        let and = |token: &Token<F>| matches!(token, Token::And);
        loop {
            let joined = self.tokens.next_if(and).is_some();
            match self.tokens.peek() {
                None | Some(Token::Or | Token::Close) if !joined => return Ok(Node::All(nodes)),
                _ => nodes.push(self.one(field, depth)?),
            }
        }
    }

    fn one(&mut self, field: Option<&F>, depth: usize) -> Result<Node<T>, Why> {
        if depth > MAX_DEPTH {
            return Err("nested too deeply");
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err("too many terms");
        }
        match (self.tokens.next().ok_or("a term is missing")?, field) {
            (Token::Not, _) => Ok(Node::Not(Box::new(self.one(field, depth + 1)?))),
            (Token::Open, _) => {
                let node = self.any(field, depth + 1)?;
                let close = |token: &Token<F>| matches!(token, Token::Close);
                self.tokens.next_if(close).ok_or("unbalanced parentheses")?;
                Ok(node)
            }
            (Token::Field(field), None) => self.one(Some(&field), depth + 1),
            (Token::Field(_), Some(_)) => Err("a field in a field"),
            (Token::Text(text), field) => (self.term)(field, text).map(Node::Term),
            (Token::Close | Token::And | Token::Or, _) => Err("a term is missing"),
        }
    }
}
