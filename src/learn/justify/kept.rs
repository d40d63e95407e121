//! What is kept of answers, to and fro.

use super::{Earlier, JudgedBy};
use crate::learn::state::{self, ModelUse};

impl From<&state::Answer> for Earlier {
    fn from(kept: &state::Answer) -> Self {
        Self {
            text: kept.content.text.clone(),
            judgement: kept.content.judgement.clone(),
            is_by_rubric: kept.content.judge == state::Judge::Rubric,
        }
    }
}

impl From<JudgedBy> for state::Judge {
    fn from(by: JudgedBy) -> Self {
        match by {
            JudgedBy::Rubric => Self::Rubric,
            JudgedBy::Model { name, usage } => Self::Model(ModelUse {
                model: name,
                tokens_in: usage.input_tokens,
                tokens_out: usage.output_tokens,
                cost: usage.dollars,
                is_cached: usage.is_cached,
            }),
        }
    }
}
