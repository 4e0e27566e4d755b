/** Levenshtein distance; infinite where the lengths alone differ by more than `limit`. */
function distance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return Number.POSITIVE_INFINITY;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[right.length] ?? Number.POSITIVE_INFINITY;
}

/** The known name that is probably meant, as a half sentence for a hint; otherwise the list of known names. */
export function suggestName(name: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, away: distance(name.toLowerCase(), candidate.toLowerCase(), 3) }))
    .filter(({ candidate, away }) => away < Math.max(name.length, candidate.length))
    .filter(({ away }) => away <= Math.max(name.length > 2 ? 2 : 1, Math.floor(name.length / 3)))
    .sort((left, right) => left.away - right.away)[0];
  if (near !== undefined) return `did you mean "${near.candidate}"?`;
  return known.length === 0
    ? 'there is none'
    : `known: ${known
        .slice(0, 20)
        .map((item) => `"${item}"`)
        .join(', ')}`;
}
