/** The first of the promised lines that does not follow in this order; `undefined` when all are there. */
export function findMissing(promised: readonly string[], lines: readonly string[]): string | undefined {
  let next = 0;
  return promised.find((line) => {
    const found = lines.indexOf(line, next);
    next = found + 1;
    return found === -1;
  });
}
