//! Runs of equal numbers.

/// Returns the length of the longest run of equal numbers.
pub fn {{ function }}(numbers: &[u32]) -> usize {
    // mastery:begin {{ id }}
    let mut longest = 0;
    let mut length = 0;
    let mut previous = None;
    for number in numbers {
        if previous == Some(number) {
            length += 1;
        } else {
            longest = longest.max(length);
            length = 1;
        }
        previous = Some(number);
    }
    longest.max(length)
    // mastery:stub {{ id }}
    // todo!("{{ function }} of {} numbers", numbers.len())
    // mastery:end {{ id }}
}
