import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Times in milliseconds. */
export interface Measured {
  readonly p50: number;
  readonly p95: number;
}

/** Does `work` `total` times, so many at a time; resolves with how often it was done in a second. */
export async function timeAll(
  { total, inFlight }: { readonly total: number; readonly inFlight: number },
  work: (index: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  const beganMs = performance.now();
  const worker = async (): Promise<void> => {
    while (next < total) {
      next += 1;
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (total * 1_000) / (performance.now() - beganMs);
}

export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** Does `work` `total` times, one after the other. */
export async function oneAtATime(total: number, work: (index: number) => Promise<void>): Promise<Measured> {
  const times: number[] = [];
  for (let index = 0; index < total; index += 1) {
    const beganMs = performance.now();
    await work(index);
    times.push(performance.now() - beganMs);
  }
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}

const CALIBRATION_MS = 300;

/** What the machine gives right now: two figures that have nothing to do with the product. */
export function calibrate(): { readonly hashesPerSecond: number; readonly syncsPerSecond: number; readonly load: number } {
  const block = Buffer.alloc(65_536, 7);
  const count = (work: () => void): number => {
    let done = 0;
    for (const beganMs = performance.now(); performance.now() - beganMs < CALIBRATION_MS; done += 1) work();
    return Math.round((done * 1_000) / CALIBRATION_MS);
  };
  const folder = mkdtempSync(join(tmpdir(), 'durabase-calibration-'));
  const file = openSync(join(folder, 'file'), 'w');
  try {
    return {
      hashesPerSecond: count(() => void createHash('sha256').update(block).digest()),
      syncsPerSecond: count(() => {
        writeSync(file, block, 0, 4_096);
        fdatasyncSync(file);
      }),
      load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    };
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
