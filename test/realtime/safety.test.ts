import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.ts';
import { malformedFrames } from './support/malformed-frames.ts';
import type { RawSocket } from './support/raw-socket.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime({
  realtimeLimits: {
    connections: 60,
    channelsPerConnection: 10,
    joinsPerSecondPerConnection: 50,
    messagesPerSecond: 300,
    bufferedBytes: 500_000,
    silenceMs: 1_500,
    frameBytes: 1_000_000,
  },
});
const heardBy = (raw: RawSocket) => raw.frames.filter((frame) => frame.event === 'broadcast');
const isClosed = async (raw: RawSocket): Promise<number> =>
  eventually(() => {
    if (raw.ws.readyState !== WebSocket.CLOSED) throw new Error('still open');
    return raw.ws.readyState;
  });

/** Keeps a socket from being cut for its silence. */
const beats: NodeJS.Timeout[] = [];
const keepAlive = (raw: RawSocket): RawSocket => {
  const beat = setInterval(() => raw.push('phoenix', 'heartbeat'), 300);
  beats.push(beat);
  raw.ws.on('close', () => clearInterval(beat));
  return raw;
};
const witness = async (topic: string): Promise<RawSocket> => {
  const raw = keepAlive(await realtime.raw());
  expect((await raw.join(`realtime:${topic}`)).payload['status']).toBe('ok');
  return raw;
};
const sockets: RawSocket[] = [];
const open = async (): Promise<RawSocket> => {
  const raw = await realtime.raw();
  sockets.push(raw);
  return raw;
};

afterEach(() => {
  for (const beat of beats.splice(0)) clearInterval(beat);
  for (const raw of sockets.splice(0)) raw.terminate();
});

describe('malformed frames', () => {
  const frames = malformedFrames();

  it('are more than a hundred', () => {
    expect(frames.length).toBeGreaterThanOrEqual(100);
  });

  it('disturb nobody, not even the socket that sends them', async () => {
    const other = await witness('calm');
    const raw = await open();
    await raw.join('realtime:calm');
    for (const [, data] of frames) raw.send(data);
    await raw.join('realtime:still-here');
    await realtime.send('calm', 'x', { id: '1' }, false);
    await raw.find((frame) => frame.event === 'broadcast');
    await other.find((frame) => frame.event === 'broadcast');
    expect(raw.frames.filter((frame) => frame.topic === 'realtime:a' && frame.payload['status'] === 'ok')).toEqual([]);
  });

  it('that the WebSocket itself forbids end their socket only', async () => {
    const other = await witness('calm2');
    for (const bytes of [
      [0xc1, 0x80, 0, 0, 0, 0], // reserved bits
      [0x83, 0x80, 0, 0, 0, 0], // an opcode that does not exist
      [0x81, 0x01, 0x41], // not masked
      [0x81, 0x81, 0, 0, 0, 0, 0xff], // no UTF-8
      [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // larger than any
    ]) {
      const socket = await openBareSocket();
      socket.write(Buffer.from(bytes));
      await eventually(() => expect(socket.destroyed || socket.readableEnded).toBe(true));
      socket.destroy();
    }
    await realtime.send('calm2', 'x', { id: '1' }, false);
    await other.find((frame) => frame.event === 'broadcast');
  });

  it('that are too large end their socket', async () => {
    const raw = await open();
    raw.send(`["1","1","realtime:a","broadcast",{"a":"${'x'.repeat(1_000_000)}"}]`);
    const [code] = (await once(raw.ws, 'close')) as [number];
    expect(code).toBe(1009);
  });
});

const askForSocket = (apikey: string) => {
  const { port } = new URL(realtime.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `GET /realtime/v1/websocket?apikey=${apikey}&vsn=2.0.0 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  return socket;
};

const openBareSocket = async () => {
  const socket = askForSocket(realtime.publishableKey);
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toContain('101');
  return socket;
};

describe('who hangs up', () => {
  it('while he is let in disturbs nobody', async () => {
    const other = await witness('calm3');
    const token = await realtime.token(newUser());
    for (let n = 0; n < 30; n += 1) {
      const socket = askForSocket(n % 2 === 0 ? token : 'wrong');
      await once(socket, 'connect');
      socket.resetAndDestroy();
    }
    await realtime.send('calm3', 'x', { id: '1' }, false);
    await other.find((frame) => frame.event === 'broadcast');
  });
});

describe('a slow reader', () => {
  it('is cut off, says the log, and others hear everything in time', async () => {
    const slow = await open();
    await slow.join('realtime:flow');
    const other = await witness('flow');
    slow.ws.pause();
    const before = realtime.log.length;
    for (let n = 0; n < 300; n += 1)
      await realtime.db.owner.query(
        "select realtime.send(jsonb_build_object('n', $1::int, 'pad', repeat('x', 30000)), 'x', 'flow', false)",
        [n],
      );
    await eventually(() => expect(heardBy(other)).toHaveLength(300));
    expect(heardBy(other).map((frame) => (frame.payload['payload'] as { n: number }).n)).toEqual(
      Array.from({ length: 300 }, (_, n) => n),
    );
    expect(realtime.log.slice(before).filter((line) => line.includes('it reads too slowly'))).toHaveLength(1);
    slow.ws.resume();
    await isClosed(slow);
    expect(heardBy(slow).length).toBeLessThan(300);
  });
});

describe('floods', () => {
  it('of joins close the socket, and others may still join', async () => {
    const raw = await open();
    for (let n = 0; n < 200; n += 1) raw.push(`realtime:flood`, 'phx_join', { config: {} });
    await isClosed(raw);
    expect(raw.frames.at(-1)?.payload).toEqual({
      status: 'error',
      response: { reason: 'ClientJoinRateLimitReached: Too many joins per second' },
    });
    await witness('after-flood');
  });

  it('of messages close the channel, and others hear on', async () => {
    const other = await witness('chatter');
    const raw = await open();
    const { joinRef } = await raw.join('realtime:chatter');
    for (let n = 0; n < 500; n += 1) raw.push('realtime:chatter', 'broadcast', { event: 'x', payload: {} });
    const { payload } = await raw.find((frame) => frame.event === 'system');
    expect(payload).toMatchObject({ status: 'error', message: 'Too many messages per second' });
    await raw.find((frame) => frame.event === 'phx_close' && frame.joinRef === joinRef);
    await realtime.send('chatter', 'end', { id: '1' }, false);
    await other.find((frame) => frame.payload['event'] === 'end');
    expect(heardBy(other).length).toBeLessThan(400);
  });

  it('of channels stop at the limit', async () => {
    const raw = await open();
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await raw.join(`realtime:c${n}`));
    expect(answers.map(({ payload }) => payload['status'])).toEqual([
      ...Array.from({ length: 10 }, () => 'ok'),
      'error',
      'error',
    ]);
    expect(answers.at(-1)?.payload['response']).toEqual({ reason: 'ChannelRateLimitReached: Too many channels' });
    raw.push('realtime:c0', 'phx_leave', {}, 'leave');
    await raw.find((frame) => frame.ref === 'leave');
    expect((await raw.join('realtime:again')).payload['status']).toBe('ok');
  });

  it('of channels stop at the limit when they come at once, too', async () => {
    const raw = await open();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => raw.join(`realtime:at-once-${n}`)));
    expect(answers.filter(({ payload }) => payload['status'] === 'ok')).toHaveLength(10);
  });

  it('of sockets stop at the limit', async () => {
    const url = `${realtime.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${realtime.publishableKey}&vsn=2.0.0`;
    const opened = Array.from({ length: 70 }, () => new WebSocket(url));
    const ends = await Promise.all(
      opened.map(
        (ws) =>
          new Promise<number>((resolve) => {
            ws.on('error', () => {});
            ws.on('open', () => resolve(101));
            ws.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
          }),
      ),
    );
    for (const ws of opened) ws.terminate();
    expect(new Set(ends)).toEqual(new Set([101, 429]));
    await eventually(() => witness('room-again'));
  });

  it('of questions to the policies leave room for others', async () => {
    const raw = await open();
    const token = await realtime.token(newUser());
    for (let n = 0; n < 40; n += 1)
      raw.push(`realtime:uuid:${n}`, 'phx_join', { config: { private: true }, access_token: token }, `q${n}`);
    const other = await witness('meanwhile');
    await realtime.send('meanwhile', 'x', { id: '1' }, false);
    await other.find((frame) => frame.event === 'broadcast');
    for (let n = 0; n < 40; n += 1) expect((await raw.find((frame) => frame.ref === `q${n}`)).payload['status']).toBe('error');
  });
});

describe('a silent socket', () => {
  it('is taken for dead', async () => {
    const beating = await witness('pulse');
    const silent = await open();
    await isClosed(silent);
    await realtime.send('pulse', 'x', { id: '1' }, false);
    await beating.find((frame) => frame.event === 'broadcast');
  });
});
