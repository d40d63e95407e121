    // mastery:begin {{ id }}
    let runs = numbers.chunk_by(|a, b| a == b);
    runs.map(<[u32]>::len).max().unwrap_or(0)
    // mastery:end {{ id }}
