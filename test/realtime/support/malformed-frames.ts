/** Frames that no client sends, each with what is wrong with it. All of them for version 2. */
export const malformedFrames = (): readonly (readonly [string, string | Buffer])[] => [
  ...TEXTS.map((text): readonly [string, string] => [`text ${text.slice(0, 60)}`, text]),
  ...mutations().map(([name, parts]): readonly [string, string] => [name, JSON.stringify(parts)]),
  ...binaries(),
  ...cuts(),
];

const TEXTS: readonly string[] = [
  '',
  ' ',
  'x',
  '{',
  '}',
  '[',
  ']',
  '[]',
  '{}',
  'null',
  'true',
  '0',
  '-1',
  '1e999',
  '"text"',
  '[null]',
  '[[[[[]]]]]',
  '[null,null,null,null,null]',
  '[1,2,3,4,5]',
  '["1","1","realtime:a","phx_join",{}',
  "['1','1','realtime:a','phx_join',{}]",
  '["1","1","realtime:a","phx_join",{},]',
  '["1","1","realtime:a","phx_join",NaN]',
  '["1","1","realtime:a","phx_join",undefined]',
  '["1","1","realtime:\\ud800","phx_join",{}]',
  '["1","1","realtime:\\u0000","phx_join",{}]',
  '{"topic":"realtime:a","event":"phx_join","payload":{},"ref":"1"}',
  '{"__proto__":{"topic":"realtime:a"},"event":"phx_join"}',
  '["1","1","realtime:a","phx_join",{"__proto__":{"config":{"private":false}},"config":null,"config":7}]',
  '\u0000',
  '\ufeff["1","1","realtime:a","phx_join",{}]',
  '<xml/>',
  `[${'"a",'.repeat(10_000)}"a"]`,
  `["1","1","realtime:${'a'.repeat(100_000)}","phx_join",{}]`,
  `["${'1'.repeat(100_000)}","1","realtime:a","phx_join",{}]`,
  `["1","1","realtime:a","${'e'.repeat(100_000)}",{}]`,
  '['.repeat(100_000),
  `["1","1","realtime:a","phx_join",{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`,
  `["1","1","realtime:a","broadcast",${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}]`,
];

/** A good frame with each of its parts replaced by something of another type. */
const mutations = (): readonly (readonly [string, readonly unknown[]])[] => {
  const good = ['1', '1', 'realtime:a', 'phx_join', {}];
  const values: readonly unknown[] = [null, true, 7, -1, '', [], [1], {}, { a: 1 }, 'x'.repeat(300)];
  // References may be null, a number or text, and payloads may be objects.
  const isGood = (at: number, value: unknown): boolean =>
    (at < 2 && (value === null || typeof value === 'number' || value === '')) ||
    (at === 4 && typeof value === 'object' && value !== null && !Array.isArray(value));
  return good.flatMap((_, at) =>
    values
      .filter((value) => !isGood(at, value))
      .map((value): readonly [string, readonly unknown[]] => [
        `part ${at} is ${JSON.stringify(value).slice(0, 20)}`,
        good.with(at, value as string),
      ]),
  );
};

const binaries = (): readonly (readonly [string, Buffer])[] => [
  ['no bytes', Buffer.alloc(0)],
  ['one byte', Buffer.from([3])],
  ['zeros', Buffer.alloc(100)],
  ['ones', Buffer.alloc(100, 255)],
  ['a kind of the server', Buffer.from([4, 1, 1, 0, 1, 97, 98, 123, 125])],
  ['lengths beyond the end', Buffer.from([3, 255, 255, 255, 255, 255, 1])],
  ['a topic that is no text', Buffer.concat([Buffer.from([3, 0, 0, 2, 1, 0, 1, 255, 254, 120]), Buffer.from('{}')])],
  ['JSON that is none', Buffer.concat([Buffer.from([3, 0, 0, 1, 1, 0, 1, 97, 98]), Buffer.from('{"a"')])],
  ['deep JSON', Buffer.concat([Buffer.from([3, 0, 0, 1, 1, 0, 1, 97, 98]), Buffer.from('['.repeat(9_999) + ']'.repeat(9_999))])],
  ...Array.from({ length: 20 }, (_, seed): readonly [string, Buffer] => [`noise ${seed}`, noise(seed)]),
];

/** Each beginning of a good frame. */
const cuts = (): readonly (readonly [string, string])[] => {
  const good = '["1","1","realtime:a","phx_join",{"config":{"private":false}}]';
  return Array.from({ length: 15 }, (_, index) => ['a cut frame', good.slice(0, index * 4 + 1)]);
};

/** Bytes that look like chance and are the same each time. */
const noise = (seed: number): Buffer => {
  let state = seed * 2_654_435_761 + 1;
  return Buffer.from(
    Array.from({ length: 64 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
};
