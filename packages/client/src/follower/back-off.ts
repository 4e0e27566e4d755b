/** Wait before the next try, in milliseconds: doubled each time, with jitter so that many clients do not come back at once. */
export const backOffMs = (
  tries: number,
  { firstMs, longestMs, random }: { readonly firstMs: number; readonly longestMs: number; readonly random: number },
): number => Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 20)) * (0.5 + random / 2);

/** A period with jitter of a quarter to both sides. */
export const aroundMs = (periodMs: number, random: number): number => periodMs * (0.75 + random / 2);
