//! Everything that is kept, as one JSON document: `schemas/learner.schema.json`.
