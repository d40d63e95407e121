/** Returns the word that is there most often, and of several such words the first. */
export function {{ function }}(words) {
  // mastery:begin {{ id }}
  const counts = new Map();
  for (const word of words) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  let best;
  let most = 0;
  for (const [word, count] of counts) {
    if (count > most) {
      best = word;
      most = count;
    }
  }
  return best;
  // mastery:stub {{ id }}
  // throw new Error("not written yet");
  // mastery:end {{ id }}
}
