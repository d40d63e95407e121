  // mastery:begin {{ id }}
  const times = (word) => words.filter((other) => other === word).length;
  return [...words].sort((a, b) => times(b) - times(a))[0];
  // mastery:end {{ id }}
