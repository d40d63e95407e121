//! `mastery schema`.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;

#[test]
fn schemas_are_printed_as_they_are_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let file = entry.file_name().into_string().unwrap();
        let name = file.strip_suffix(".schema.json").unwrap();
        let printed = Sandbox::new().run(&["schema", name]).success().stdout;
        assert_eq!(printed, fs::read_to_string(entry.path()).unwrap(), "{name}");
        count += 1;
    }
    assert_eq!(count, 9);
}
