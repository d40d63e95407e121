//! `mastery schema`: prints a JSON Schema.

use std::io::Write as _;

use clap::Args;

use super::error::Error;
use crate::curriculum::schema::Schema;
use crate::exit_code::ExitCode;

/// Print the JSON Schema of a file format
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Which one
    #[arg(value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(Schema::all().iter().map(|schema| schema.name())))]
    pub name: String,
}

/// Runs the command.
pub(super) fn run_schema(args: &SchemaArgs) -> Result<ExitCode, Error> {
    let schema = Schema::by_name(&args.name)
        .ok_or_else(|| Error::user(format!("there is no schema `{}`", args.name)))?;
    std::io::stdout().write_all(schema.text().as_bytes())?;
    Ok(ExitCode::Success)
}
