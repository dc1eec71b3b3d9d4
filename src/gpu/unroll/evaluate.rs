//! What an expression comes to, once the counters around it have values.

use naga::proc::{ConstantEvaluator, ExpressionKindTracker, Layouter};
use naga::{Expression, Function, Handle, Literal, LocalVariable, Module, Span};

/// The values of counters.
pub(super) type Counters = Vec<(Handle<LocalVariable>, Literal)>;

/// Evaluates expressions of functions: puts in the counters, and leaves the rest to naga.
pub(super) struct Evaluator {
    module: Module,
    kinds: ExpressionKindTracker,
    layouter: Layouter,
}

impl Evaluator {
    /// For the functions of a module, of which it needs the constants and types.
    pub fn new(module: Module) -> Self {
        let kinds = ExpressionKindTracker::from_arena(&module.global_expressions);
        Self { module, kinds, layouter: Layouter::default() }
    }

    /// The value of an expression, or why it has none.
    pub fn value(
        &mut self,
        function: &Function,
        expression: Handle<Expression>,
        counters: &Counters,
    ) -> Result<Literal, String> {
        let constant = self.constant(function, expression, counters)?;
        match self.module.global_expressions[constant] {
            Expression::Literal(value) => Ok(value),
            _ => Err("it isn't a number".into()),
        }
    }

    /// The same as a constant of the module.
    fn constant(
        &mut self,
        function: &Function,
        expression: Handle<Expression>,
        counters: &Counters,
    ) -> Result<Handle<Expression>, String> {
        let mut operand = |handle| self.constant(function, handle, counters);
        let constant = match function.expressions[expression] {
            Expression::Literal(value) => Expression::Literal(value),
            Expression::Constant(constant) => Expression::Constant(constant),
            Expression::Override(constant) => Expression::Override(constant),
            Expression::Load { pointer } => Expression::Literal(counter(function, pointer, counters)?),
            Expression::Unary { op, expr } => Expression::Unary { op, expr: operand(expr)? },
            Expression::Binary { op, left, right } => {
                Expression::Binary { op, left: operand(left)?, right: operand(right)? }
            }
            Expression::Select { condition, accept, reject } => Expression::Select {
                condition: operand(condition)?,
                accept: operand(accept)?,
                reject: operand(reject)?,
            },
            Expression::As { expr, kind, convert } => Expression::As { expr: operand(expr)?, kind, convert },
            Expression::Math { fun, arg, arg1, arg2, arg3 } => Expression::Math {
                fun,
                arg: operand(arg)?,
                arg1: arg1.map(&mut operand).transpose()?,
                arg2: arg2.map(&mut operand).transpose()?,
                arg3: arg3.map(&mut operand).transpose()?,
            },
            _ => return Err("it depends on what the shader computes".into()),
        };
        ConstantEvaluator::for_wgsl_module(&mut self.module, &mut self.kinds, &mut self.layouter, false)
            .try_eval_and_append(constant, Span::UNDEFINED)
            .map_err(|error| error.to_string())
    }
}

/// The value of the counter behind a pointer.
fn counter(function: &Function, pointer: Handle<Expression>, counters: &Counters) -> Result<Literal, String> {
    let known = counters.iter().find(|(known, _)| variable(function, pointer) == Some(*known));
    known.map(|(_, value)| *value).ok_or_else(|| "it depends on a variable (as do `&&` and `||`)".into())
}

/// The variable behind a pointer, if it is one of the function as a whole.
pub(super) fn variable(function: &Function, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
    match function.expressions[pointer] {
        Expression::LocalVariable(variable) => Some(variable),
        _ => None,
    }
}
