import { describe, expect, it } from '@jest/globals';
import {
  broadcastBody,
  broadcastFrame,
  decodeBinary,
  decodeText,
  textFrame,
  type Vsn,
} from '../../packages/local-stack/src/realtime/frames.ts';
import { binaryFrame } from './support/binary-frame.ts';

const LIMITS = { jsonDepth: 10, topicBytes: 40 };
const encode = (frame: ReturnType<typeof textFrame>, vsn: Vsn): unknown => {
  const encoded = frame.encode(vsn);
  return encoded === undefined ? undefined : JSON.parse(encoded.data.toString('utf8'));
};

describe('decodeText', () => {
  it('reads arrays in version 2 and objects in version 1', () => {
    const frame = { joinRef: '1', ref: '2', topic: 'realtime:a', event: 'phx_join', payload: { config: {} } };
    expect(decodeText('["1","2","realtime:a","phx_join",{"config":{}}]', '2.0.0', LIMITS)).toEqual({ frame });
    expect(
      decodeText('{"topic":"realtime:a","event":"phx_join","payload":{"config":{}},"ref":"2","join_ref":"1"}', '1.0.0', LIMITS),
    ).toEqual({ frame });
    expect(decodeText('{"topic":"phoenix","event":"heartbeat","payload":{},"ref":3}', '1.0.0', LIMITS)).toMatchObject({
      frame: { joinRef: null, ref: 3 },
    });
  });

  it('keeps the payload of a broadcast as text', () => {
    const decoded = decodeText('[null,null,"realtime:a","broadcast",{"event":"x","payload":{"n":1}}]', '2.0.0', LIMITS);
    expect(decoded).toMatchObject({
      frame: { broadcast: { kind: 'json', body: '{"event":"x","payload":{"n":1}}', payloadBytes: 31 } },
    });
  });

  it.each([
    ['nothing', ''],
    ['half an array', '["1"'],
    ['a number', '1'],
    ['null', 'null'],
    ['an object', '{"topic":"realtime:a"}'],
    ['four parts', '["1","1","realtime:a","phx_join"]'],
    ['six parts', '["1","1","realtime:a","phx_join",{},1]'],
    ['a topic that is a number', '["1","1",7,"phx_join",{}]'],
    ['an empty topic', '["1","1","","phx_join",{}]'],
    ['a topic that is too long', `["1","1","realtime:${'a'.repeat(40)}","phx_join",{}]`],
    ['a topic with NUL', '["1","1","realtime:\\u0000","phx_join",{}]'],
    ['a topic with half a surrogate pair', '["1","1","realtime:\\ud800","phx_join",{}]'],
    ['an event that is null', '["1","1","realtime:a",null,{}]'],
    ['a payload that is an array', '["1","1","realtime:a","phx_join",[]]'],
    ['a payload that is null', '["1","1","realtime:a","phx_join",null]'],
    ['a reference that is an object', '[{},"1","realtime:a","phx_join",{}]'],
    ['nesting that is too deep', `["1","1","realtime:a","phx_join",{"a":${'['.repeat(50)}${']'.repeat(50)}}]`],
    ['brackets without end', '['.repeat(200_000)],
    ['nesting that would end the stack', `["1","1","realtime:a","phx_join",{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`],
  ])('names the problem of %s', (_, text) => {
    expect(decodeText(text, '2.0.0', LIMITS)).toEqual({ problem: expect.any(String) });
  });
});

describe('decodeBinary', () => {
  it('reads JSON and bytes', () => {
    const json = binaryFrame({ joinRef: '1', ref: '2', topic: 'realtime:a', event: 'x', payload: '{"n":1}' });
    expect(decodeBinary(json, LIMITS)).toEqual({
      frame: {
        joinRef: '1',
        ref: '2',
        topic: 'realtime:a',
        event: 'broadcast',
        payload: {},
        broadcast: { kind: 'json', body: '{"event":"x","payload":{"n":1},"type":"broadcast"}', payloadBytes: 7 },
      },
    });
    const bytes = Buffer.from([0, 255, 1]);
    expect(decodeBinary(binaryFrame({ topic: 'realtime:a', event: 'x', payload: bytes }), LIMITS)).toMatchObject({
      frame: { joinRef: null, ref: null, broadcast: { kind: 'binary', event: 'x', bytes, payloadBytes: 3 } },
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['six bytes', Buffer.from([3, 0, 0, 0, 0, 0])],
    ['another kind', Buffer.from([0, 0, 0, 1, 1, 0, 1, 97, 98, 123, 125])],
    ['lengths beyond the end', Buffer.from([3, 255, 255, 255, 255, 255, 1, 97])],
    ['no topic', binaryFrame({ topic: '', event: 'x', payload: '{}' })],
    ['no event', binaryFrame({ topic: 'realtime:a', event: '', payload: '{}' })],
    ['a payload that is no JSON', binaryFrame({ topic: 'realtime:a', event: 'x', payload: '{"n":' })],
  ])('names the problem of %s', (_, data) => {
    expect(decodeBinary(data, LIMITS)).toEqual({ problem: expect.any(String) });
  });

  it('throws at no cut and no flipped byte of a good frame', () => {
    const good = binaryFrame({ joinRef: '1', ref: '2', topic: 'realtime:a', event: 'x', payload: '{"n":1}' });
    for (let at = 0; at < good.length; at += 1) {
      const flipped = Buffer.from(good);
      flipped[at] = 255 - (good[at] ?? 0);
      for (const data of [good.subarray(0, at), flipped])
        expect(Object.keys(decodeBinary(data, LIMITS))[0]).toMatch(/^(frame|problem)$/);
    }
  });
});

describe('frames to clients', () => {
  it('say the same in both versions', () => {
    const frame = textFrame({ joinRef: '1', ref: '2', topic: 'realtime:a', event: 'phx_reply', payload: '{"status":"ok"}' });
    expect(encode(frame, '2.0.0')).toEqual(['1', '2', 'realtime:a', 'phx_reply', { status: 'ok' }]);
    expect(encode(frame, '1.0.0')).toEqual({
      join_ref: '1',
      ref: '2',
      topic: 'realtime:a',
      event: 'phx_reply',
      payload: { status: 'ok' },
    });
  });

  it('are encoded once for each version', () => {
    const frame = textFrame({ topic: 'realtime:a', event: 'x', payload: '{}' });
    expect(frame.encode('2.0.0')).toBe(frame.encode('2.0.0'));
    expect(frame.encode('1.0.0')).not.toBe(frame.encode('2.0.0'));
  });

  it('carry bytes in version 2 only', () => {
    const bytes = Buffer.from([1, 2]);
    const frame = broadcastFrame('realtime:a', { kind: 'binary', event: 'x', bytes, payloadBytes: 2 }, { id: '7' });
    expect(frame.encode('1.0.0')).toBeUndefined();
    expect(frame.encode('2.0.0')?.data).toEqual(
      Buffer.concat([Buffer.from([4, 10, 1, 10, 0]), Buffer.from('realtime:ax{"id":"7"}'), bytes]),
    );
  });

  it('put JSON text around JSON text', () => {
    expect(JSON.parse(broadcastBody({ event: 'a"b', payload: '{"n":12345678901234567890}', meta: { id: '1' } }))).toMatchObject({
      event: 'a"b',
      type: 'broadcast',
      meta: { id: '1' },
    });
    expect(broadcastBody({ event: 'x', payload: '{"n":12345678901234567890}' })).toContain('12345678901234567890');
  });
});
