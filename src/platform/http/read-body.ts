import { PlatformError } from '@durabase/contracts/errors';
import { findDecoders, type Stage } from './decoders.ts';

export interface ReadBodyOptions {
  readonly source: AsyncIterable<Buffer>;
  /** Value of `content-encoding`. */
  readonly encoding: string | undefined;
  /** Counted after decompression. */
  readonly maxBytes: number;
  readonly host: string;
}

const MAX_ENCODINGS = 2;
/** What compressed data may weigh beyond its content: headers, and input that does not compress. */
const COMPRESSED_SLACK_BYTES = 65_536;

/** Reads and decompresses a body as a stream, and stops at the first byte too many. */
export async function readBody({ source, encoding, maxBytes, host }: ReadBodyOptions): Promise<Uint8Array> {
  const decoders = findDecoders(encoding);
  if (decoders.length > MAX_ENCODINGS) {
    throw new PlatformError('HTTP_CONNECTION', {
      message: `"${host}" compressed its answer ${decoders.length} times; at most ${MAX_ENCODINGS} are accepted`,
      retryable: false,
    });
  }
  // Each layer is metered, since layers of nothing but frames would keep the CPU busy without any output.
  const meterCompressed = createMeter(maxBytes + COMPRESSED_SLACK_BYTES, host);
  const stages = [...decoders.flatMap((decoder) => [meterCompressed, decoder]), createMeter(maxBytes, host)];
  const chunks: Buffer[] = [];
  for await (const chunk of stages.reduce((input, stage) => stage(input), source)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const createMeter = (maxBytes: number, host: string): Stage =>
  async function* (source) {
    let byteCount = 0;
    for await (const chunk of source) {
      byteCount += chunk.length;
      if (byteCount > maxBytes) throw tooLarge(host);
      yield chunk;
    }
  };

const tooLarge = (host: string): PlatformError =>
  new PlatformError('HTTP_RESPONSE_TOO_LARGE', {
    message: `The answer of "${host}" is larger than allowed`,
    hint: 'Ask for less, or raise the limit of the answer.',
  });
