//! Parentheses and words.

use super::{Error, Result, wrong_in};

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Word(&'a str),
}

/// A text, token by token.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Where the last token is, from 1.
    pub line: usize,
}

/// A word for a message: its beginning, without what would control a terminal.
pub(super) fn shown(word: &str) -> String {
    const SHOWN: usize = 40;
    let start: String = word.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if word.chars().nth(SHOWN).is_some() { format!("'{start}…'") } else { format!("'{start}'") }
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// The next one; none at the end. From a semicolon to the end of its line is a comment.
    pub fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let trimmed = self.rest.trim_start();
            let skipped = &self.rest[..self.rest.len() - trimmed.len()];
            self.line += skipped.matches('\n').count();
            self.rest = trimmed;
            if !trimmed.starts_with(';') {
                break;
            }
            self.rest = &trimmed[trimmed.find('\n').unwrap_or(trimmed.len())..];
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';');
        let (token, length) = match self.rest.chars().next()? {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            _ => {
                let length = self.rest.find(ends).unwrap_or(self.rest.len());
                (Token::Word(&self.rest[..length]), length)
            }
        };
        self.rest = &self.rest[length..];
        Some(token)
    }

    /// The next one, which stays.
    pub fn peek(&self) -> Option<Token<'a>> {
        self.clone().next()
    }

    /// The next one, of an expression that is open.
    pub fn inner(&mut self) -> Result<Token<'a>, Error> {
        self.next().ok_or_else(|| wrong_in(self.line, "the file ends within parentheses: it was cut off"))
    }

    /// The next one, a word.
    pub fn word(&mut self, what: &str) -> Result<&'a str, Error> {
        match self.inner()? {
            Token::Word(word) => Ok(word),
            _ => Err(wrong_in(self.line, format!("{what} is missing"))),
        }
    }

    /// The next one, a closing parenthesis.
    pub fn close(&mut self, of: &str) -> Result<(), Error> {
        match self.inner()? {
            Token::Close => Ok(()),
            Token::Open => Err(wrong_in(self.line, format!("{of} has more parts than it takes"))),
            Token::Word(word) => {
                Err(wrong_in(self.line, format!("{of} has more parts than it takes: {}", shown(word))))
            }
        }
    }

    /// All up to the parenthesis that closes what is open.
    pub fn skip(&mut self) -> Result<(), Error> {
        let mut open = 1usize;
        while open > 0 {
            match self.inner()? {
                Token::Open => open += 1,
                Token::Close => open -= 1,
                Token::Word(_) => {}
            }
        }
        Ok(())
    }
}
