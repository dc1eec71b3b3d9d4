//! From text to formulas.

use std::collections::HashSet;

use super::term::{Linear, Variable};
use super::tokens::{Token, Tokens, shown};
use super::{Error, Result, wrong, wrong_in};
use crate::interval::Interval;

/// Parentheses within parentheses at the most.
const DEEPEST: usize = 64;

/// What has to hold.
#[derive(Debug)]
pub(super) enum Formula {
    /// A constraint, by its number.
    Holds(usize),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// A file, understood.
#[derive(Debug)]
pub(super) struct File {
    pub inputs: usize,
    pub outputs: usize,
    pub constraints: Vec<Linear>,
    pub assertions: Vec<Formula>,
}

/// Reads all commands.
///
/// # Errors
/// If something is not understood.
pub(super) fn file(text: &str) -> Result<File> {
    let mut parser = Parser { tokens: Tokens::new(text), declared: HashSet::new(), constraints: Vec::new() };
    let mut assertions = Vec::new();
    while let Some(token) = parser.tokens.next() {
        let line = parser.tokens.line;
        if token != Token::Open {
            return Err(wrong_in(line, "a command begins with '('"));
        }
        match parser.tokens.word("the command's name")? {
            "declare-const" | "declare-fun" => parser.declare()?,
            "assert" => {
                assertions.push(parser.formula(0)?);
                parser.tokens.close("assert")?;
            }
            // What they say changes nothing.
            "set-logic" | "set-info" | "set-option" | "check-sat" | "get-model" | "exit" => {
                parser.tokens.skip()?;
            }
            other => {
                let cause = format!(
                    "{} is no command that is understood: there are declare-const and assert (VNN-LIB version 1)",
                    shown(other)
                );
                return Err(wrong_in(line, cause));
            }
        }
    }
    let [inputs, outputs] = parser.counts()?;
    Ok(File { inputs, outputs, constraints: parser.constraints, assertions })
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    declared: HashSet<Variable>,
    constraints: Vec<Linear>,
}

impl Parser<'_> {
    fn wrong(&self, cause: impl std::fmt::Display) -> Error {
        wrong_in(self.tokens.line, cause)
    }

    /// `NAME Real)`, or `NAME () Real)`.
    fn declare(&mut self) -> Result<()> {
        let name = self.tokens.word("the constant's name")?;
        let Some(variable) = variable(name) else {
            let cause =
                format!("{} is no input and no output: they are X_0, X_1, … and Y_0, Y_1, …", shown(name));
            return Err(self.wrong(cause));
        };
        let mut kind = self.tokens.inner()?;
        if kind == Token::Open {
            self.tokens.close("the list of arguments of a constant")?;
            kind = self.tokens.inner()?;
        }
        if kind != Token::Word("Real") {
            return Err(self.wrong(format!("{variable} has to be declared as Real")));
        }
        self.tokens.close("declare-const")?;
        if !self.declared.insert(variable) {
            return Err(self.wrong(format!("{variable} is declared twice")));
        }
        Ok(())
    }

    /// How many inputs and outputs there are.
    fn counts(&self) -> Result<[usize; 2]> {
        let count = |what: &str, of: fn(usize) -> Variable, is: fn(&Variable) -> bool| {
            let count = self.declared.iter().filter(|variable| is(variable)).count();
            match (0..count).map(of).find(|variable| !self.declared.contains(variable)) {
                Some(missing) => {
                    Err(wrong(format!("{missing} is not declared, others after it are: number all from 0")))
                }
                None if count == 0 => {
                    Err(wrong(format!("no {what} is declared: write (declare-const {} Real)", of(0))))
                }
                None => Ok(count),
            }
        };
        Ok([
            count("input", Variable::Input, |variable| matches!(variable, Variable::Input(_)))?,
            count("output", Variable::Output, |variable| matches!(variable, Variable::Output(_)))?,
        ])
    }

    fn formula(&mut self, depth: usize) -> Result<Formula> {
        self.check(depth)?;
        match self.tokens.inner()? {
            Token::Open => {}
            Token::Word(word) => {
                return Err(self.wrong(format!("{} is no formula: write (<= a b)", shown(word))));
            }
            Token::Close => return Err(self.wrong("a formula is missing: write (<= a b)")),
        }
        let operator = self.tokens.word("an operator: <=, >=, and, or")?;
        match operator {
            "<=" | ">=" => {
                let (a, b) = (self.term(depth + 1)?, self.term(depth + 1)?);
                self.tokens.close(operator)?;
                let (mut below, above) = if operator == "<=" { (a, b) } else { (b, a) };
                below.add(above.scaled(Interval::point(-1.0)));
                let constraint = below.collected();
                let numbers = constraint.terms.iter().map(|(_, c)| c).chain([&constraint.constant]);
                if numbers.into_iter().any(|c| !c.is_finite()) {
                    return Err(self.wrong("its numbers overflow together: they are too large for doubles"));
                }
                self.constraints.push(constraint);
                Ok(Formula::Holds(self.constraints.len() - 1))
            }
            "and" | "or" => {
                let mut parts = Vec::new();
                while !self.closes() {
                    parts.push(self.formula(depth + 1)?);
                }
                self.tokens.close(operator)?;
                if parts.is_empty() {
                    return Err(self.wrong(format!("({operator}) has no parts: it takes one at the least")));
                }
                Ok(if operator == "and" { Formula::All(parts) } else { Formula::Any(parts) })
            }
            "<" | ">" => {
                Err(self.wrong(format!("strict inequalities are not part of VNN-LIB: write {operator}=")))
            }
            other => Err(self.wrong(format!(
                "{} is no operator that is understood: there are <=, >=, and, or",
                shown(other)
            ))),
        }
    }

    fn term(&mut self, depth: usize) -> Result<Linear> {
        self.check(depth)?;
        let word = match self.tokens.inner()? {
            Token::Word(word) => word,
            Token::Close => return Err(self.wrong("a term is missing: comparisons have two")),
            Token::Open => return self.compound(depth),
        };
        if let Some(variable) = variable(word) {
            return match self.declared.contains(&variable) {
                true => Ok(Linear::variable(variable)),
                false => Err(self.wrong(format!(
                    "{variable} is not declared: write (declare-const {variable} Real) before"
                ))),
            };
        }
        // Rust reads also "nan" and "infinity".
        let digits = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'));
        match word.parse::<f64>() {
            Ok(number) if digits && number.is_finite() => Ok(Linear::constant(number)),
            Ok(_) if digits => Err(self.wrong(format!("{} is too large for doubles", shown(word)))),
            _ => Err(self
                .wrong(format!("{} is no number, and neither an input X_i nor an output Y_j", shown(word)))),
        }
    }

    /// A sum, difference or product.
    fn compound(&mut self, depth: usize) -> Result<Linear> {
        let operator = self.tokens.word("an operator: +, -, *")?;
        if !matches!(operator, "+" | "-" | "*") {
            let cause =
                format!("{} is no operator of terms that is understood: there are +, -, *", shown(operator));
            return Err(self.wrong(cause));
        }
        let minus = Interval::point(-1.0);
        let mut result = self.term(depth + 1)?;
        if self.closes() && operator == "-" {
            result = result.scaled(minus);
        }
        while !self.closes() {
            let next = self.term(depth + 1)?;
            match operator {
                "+" => result.add(next),
                "-" => result.add(next.scaled(minus)),
                _ if next.terms.is_empty() => result = result.scaled(next.constant),
                _ if result.terms.is_empty() => result = next.scaled(result.constant),
                _ => {
                    return Err(
                        self.wrong("a product of two variables is not linear: only constants may be factors")
                    );
                }
            }
        }
        self.tokens.close(operator)?;
        Ok(result)
    }

    /// Whether the next token closes.
    fn closes(&mut self) -> bool {
        self.tokens.peek() == Some(Token::Close)
    }

    fn check(&self, depth: usize) -> Result<()> {
        match depth < DEEPEST {
            true => Ok(()),
            false => {
                Err(self
                    .wrong(format!("more than {DEEPEST} parentheses within each other: flatten the formula")))
            }
        }
    }
}

/// `X_3` or `Y_0`, written in this one way.
fn variable(name: &str) -> Option<Variable> {
    let (kind, number) = name.split_once('_')?;
    let plain = number == "0" || !number.starts_with('0');
    let index: usize = number.parse().ok().filter(|_| plain && number.bytes().all(|b| b.is_ascii_digit()))?;
    match kind {
        "X" => Some(Variable::Input(index)),
        "Y" => Some(Variable::Output(index)),
        _ => None,
    }
}
