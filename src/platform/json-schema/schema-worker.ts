// Compiles and runs schemas of users in a thread that can be ended from outside. Nothing of ours is reachable from here.
import { parentPort } from 'node:worker_threads';
import type { Json } from '@durabase/contracts';
import { createCompiler } from './compile-schema.ts';
import { describeErrors } from './describe-errors.ts';
import type { SchemaJob, ThreadMessage, Verdict } from './messages.ts';

const compile = createCompiler();

function check({ schema, value }: SchemaJob): Verdict {
  const compiled = compile(schema);
  if ('problems' in compiled) return { kind: 'unusable', problems: compiled.problems };
  if (value === undefined) return { kind: 'checked', problems: [] };
  const parsed = JSON.parse(value) as Json;
  try {
    const isValid = compiled.validate(parsed);
    const errors = isValid ? [] : (compiled.validate.errors ?? []);
    compiled.validate.errors = null; // they hold on to the value
    return {
      kind: 'checked',
      problems: isValid ? [] : describeErrors(errors, { value: parsed, homes: compiled.homes, code: 'INVALID_INPUT' }),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      kind: 'checked',
      problems: [{ code: 'INVALID_INPUT', path: 'input', message: 'is nested too deeply to be checked' }],
    };
  }
}

const send = (message: Omit<ThreadMessage, 'cpuMs'>): void => {
  const { user, system } = process.threadCpuUsage();
  parentPort?.postMessage({ ...message, cpuMs: (user + system) / 1_000 } satisfies ThreadMessage);
};

parentPort?.on('message', (job: SchemaJob) => send({ verdict: check(job) }));
send({});
