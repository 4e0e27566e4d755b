import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** A step that a body passes through. */
export type Stage = (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** RFC 9659: no content encoding needs a larger window; the default would let a few bytes claim 128 MB. */
const ZSTD_WINDOW_LOG_MAX = 23;

const MAKERS: Readonly<Record<string, (first: Buffer) => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // The standard means zlib's format, many servers send the bare one; the first byte tells them apart.
  deflate: (first) => (((first[0] ?? 0) & 0x0f) === 0x08 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } }),
};

/** Encodings to ask for. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br, zstd';

/** Stages that undo a `content-encoding`, in the order to apply them. As in fetch, a body in an unknown encoding stays as it is. */
export function findDecoders(encoding: string | undefined): readonly Stage[] {
  const decoders: Stage[] = [];
  for (const part of (encoding ?? '').toLowerCase().split(',')) {
    const name = part.trim();
    if (name === '' || name === 'identity') continue;
    const make = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
    if (make === undefined) return [];
    decoders.unshift(decodeWith(make));
  }
  return decoders;
}

/** Waits for the first bytes, since answers to HEAD, 204 and 304 name an encoding and have no body. */
const decodeWith = (make: (first: Buffer) => Transform): Stage =>
  async function* (source) {
    const iterator = source[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done === true) return;
    const decoder = make(first.value);
    const feeding = pipeline(resume(first.value, iterator), decoder);
    // Whoever reads the decoder sees the same failure; without this it would count as unhandled until then.
    feeding.catch(() => undefined);
    yield* decoder as AsyncIterable<Buffer>;
    await feeding;
  };

async function* resume(first: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
