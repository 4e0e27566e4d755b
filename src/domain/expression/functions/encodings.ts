import { type CelFunc, celFunc, CelScalar } from '@bufbuild/cel';
import type { Json } from '@durabase/contracts';
import { Fault } from '../faults.ts';
import { viewJson } from '../json-view.ts';
import type { Meter } from '../meter.ts';
import { toJson } from '../to-json.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

const { BYTES, DYN, STRING } = CelScalar;
/** Characters of JSON that cost one unit. */
const TEXT_PER_UNIT = 16;

const invalid = (text: string): Fault => new Fault({ code: 'EXPRESSION_INVALID_VALUE', text });
const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw invalid(`${shown(text)} is not JSON`);
  }
}

const base64Length = (bytes: Uint8Array): number => Math.ceil(bytes.length / 3) * 4;

function encodeUrl(text: string): string {
  // A lone surrogate has no form in UTF-8.
  if (!text.isWellFormed()) throw invalid(`${shown(text)} holds half of a character`);
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** JSON, base64 and parts of URLs. */
export const createEncodings = (meter: Meter): readonly CelFunc[] => [
  celFunc('json.parse', [STRING], DYN, (text) => {
    meter.charge(Math.ceil(text.length / TEXT_PER_UNIT));
    return viewJson(parseJson(text));
  }),
  celFunc('json.stringify', [DYN], STRING, (value) => {
    const text = JSON.stringify(toJson(value, { meter, what: 'the value' }));
    meter.charge(Math.ceil(text.length / TEXT_PER_UNIT));
    return text;
  }),
  celFunc('base64.encode', [BYTES], STRING, (bytes) => {
    meter.allowText(base64Length(bytes));
    return encodeBase64(bytes);
  }),
  celFunc('base64.encode', [STRING], STRING, (text) => {
    const bytes = new TextEncoder().encode(text);
    meter.allowText(base64Length(bytes));
    return encodeBase64(bytes);
  }),
  celFunc('base64.decode', [STRING], BYTES, (text) => {
    const bytes = decodeBase64(text);
    if (bytes === undefined) throw invalid(`${shown(text)} is not base64`);
    return bytes;
  }),
  celFunc('url.encode', [STRING], STRING, (text) => {
    const encoded = encodeUrl(text);
    meter.allowText(encoded.length);
    return encoded;
  }),
];
