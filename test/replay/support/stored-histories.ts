import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { History } from './history.ts';

/** A recorded history. */
export interface StoredHistory {
  /** `<shape>`, or `<shape>@<patch id>` for what was recorded after a patch came. */
  readonly name: string;
  readonly shape: string;
  readonly text: string;
  readonly history: History;
}

const FOLDER = join(import.meta.dirname, '../histories');
const FILE = /^([a-z0-9-]+)(?:@[A-Za-z0-9-]+)?(?=\.json(?:\.gz)?$)/;
/** Longer ones are kept compressed. */
const PLAIN_MAX_BYTES = 100_000;

const read = (file: string): string => {
  const bytes = readFileSync(join(FOLDER, file));
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
};

/** Every recorded history, by name. */
export const readHistories = (): readonly StoredHistory[] =>
  readdirSync(FOLDER)
    .toSorted()
    .map((file) => {
      const [name, shape] = FILE.exec(file) ?? [];
      if (name === undefined || shape === undefined)
        throw new Error(`${file} is no history: its name must be <shape>.json or <shape>@<patch id>.json`);
      const text = read(file);
      return { name, shape, text, history: JSON.parse(text) as History };
    });

const fileOf = (name: string, ending: string): string => join(FOLDER, `${name}.json${ending}`);

export const isStored = (name: string): boolean => ['', '.gz'].some((ending) => existsSync(fileOf(name, ending)));

/** Stores a history, in the place of one with that name. Returns its size in bytes. */
export function storeHistory(name: string, text: string): number {
  for (const ending of ['', '.gz']) rmSync(fileOf(name, ending), { force: true });
  const isLong = text.length > PLAIN_MAX_BYTES;
  const bytes = isLong ? gzipSync(text, { level: 9 }) : Buffer.from(text);
  writeFileSync(fileOf(name, isLong ? '.gz' : ''), bytes);
  return bytes.length;
}
