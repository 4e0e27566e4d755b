import { describe, expect, it } from '@jest/globals';
import { createWatch, type WatchOptions, type WatchSource } from '../../../../packages/client/src/live/create-watch.ts';

interface Setup extends WatchOptions {
  readonly onItem?: (item: number) => unknown;
  readonly prepare?: (items: readonly number[], signal: AbortSignal) => Promise<readonly number[]>;
}

const open = ({ onItem, prepare, ...options }: Setup = {}) => {
  const told: string[] = [];
  const closers = new Set<(error: Error) => void>();
  let source: WatchSource<number> | undefined;
  const watch = createWatch<number>({
    options,
    onOpen: (stop) => {
      closers.add(stop);
      return () => void closers.delete(stop);
    },
    start: (given) => {
      source = given;
      return { tell: (what) => told.push(what) };
    },
    onItem,
    ...(prepare === undefined ? {} : { prepare }),
  });
  if (source === undefined) throw new Error('it was not started');
  return { watch, source, told, closers, iterator: watch[Symbol.asyncIterator]() };
};

describe('a watch', () => {
  it('is iterated once, item by item, also by a consumer that asks for several at once', async () => {
    const { watch, source, iterator } = open();
    expect(watch[Symbol.asyncIterator]()).toBe(iterator);
    const asked = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    source.queue.push([1]);
    source.queue.push([2, 3]);
    source.end();
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: undefined },
    ]);
    await watch.done;
  });

  it('stops when the loop is left', async () => {
    const { watch, source, told, closers } = open();
    source.queue.push([1, 2, 3]);
    for await (const item of watch) if (item === 2) break;
    expect([told, closers.size]).toEqual([['stopped'], 0]);
    await watch.done;
  });

  it('stops while the loop waits', async () => {
    const { watch, iterator } = open();
    const next = iterator.next();
    watch.stop();
    watch.stop();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('throws the error that ended it, once, after what was there', async () => {
    const { watch, source, iterator } = open();
    source.queue.push([1]);
    source.end(new Error('no access'));
    expect(await iterator.next()).toMatchObject({ value: 1 });
    await expect(iterator.next()).rejects.toThrow('no access');
    expect(await iterator.next()).toMatchObject({ done: true });
    await expect(watch.done).rejects.toThrow('no access');
  });

  it('asks its producer to wait where the consumer is slow', async () => {
    const { source, told, iterator } = open({ maxUnread: 4 });
    source.queue.push([1, 2, 3, 4, 5]);
    expect(told).toEqual(['filled']);
    await iterator.next();
    expect(told).toEqual(['filled', 'drained']);
  });

  it('hands items to a callback, one after the other, and ends after the last one', async () => {
    const log: string[] = [];
    const { watch, source } = open({
      onItem: async (item) => {
        log.push(`begin ${item}`);
        await Promise.resolve();
        log.push(`end ${item}`);
      },
    });
    source.queue.push([1, 2]);
    source.end();
    await watch.done;
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('is ended by a callback that throws', async () => {
    const errors: unknown[] = [];
    const failure = new Error('the app is broken');
    const { watch, source, told } = open({
      onItem: () => {
        throw failure;
      },
      onError: (error) => errors.push(error),
    });
    source.queue.push([1]);
    await expect(watch.done).rejects.toBe(failure);
    expect([told, errors]).toEqual([['stopped'], [failure]]);
    const shown = open({
      onConnection: () => {
        throw failure;
      },
    });
    shown.source.showConnection({ state: 'live' });
    await expect(shown.watch.done).rejects.toBe(failure);
    await expect(shown.iterator.next()).rejects.toBe(failure);
  });

  it('shows how it stands', () => {
    const said: string[] = [];
    const { watch, source } = open({ onConnection: ({ state }) => said.push(state) });
    expect(watch.connection.state).toBe('catching up');
    source.showConnection({ state: 'live' });
    expect([watch.connection.state, said]).toEqual(['live', ['live']]);
  });

  it('prepares items before it hands them out, and stops doing so when it is stopped', async () => {
    const { watch, source, iterator } = open({ prepare: async (items) => items.filter((item) => item % 2 === 0) });
    source.queue.push([1, 3]);
    source.queue.push([4]);
    expect(await iterator.next()).toMatchObject({ value: 4 });
    watch.stop();
    const hanging = open({
      prepare: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    });
    hanging.source.queue.push([1]);
    const next = hanging.iterator.next();
    await Promise.resolve();
    hanging.watch.stop();
    expect(await next).toMatchObject({ done: true });
    const failing = open({ prepare: () => Promise.reject(new Error('forbidden')) });
    failing.source.queue.push([1]);
    await expect(failing.iterator.next()).rejects.toThrow('forbidden');
    expect(failing.told).toEqual(['stopped']);
  });

  it('ends with the error of whoever closes the client', async () => {
    const { closers, iterator, watch } = open();
    for (const close of closers) close(new Error('closed'));
    await expect(iterator.next()).rejects.toThrow('closed');
    await expect(watch.done).rejects.toThrow('closed');
  });
});
