import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Answers the calls of the parent process by these functions. */
export function answerCalls(functions: Readonly<Record<string, (argument: never) => Promise<unknown>>>): void {
  process.on('message', ({ id, name, argument }: Call) => {
    const answer = async (): Promise<Answer> => {
      try {
        return { id, value: await functions[name]?.(argument as never) };
      } catch (error) {
        return { id, error: error instanceof Error ? error.message : String(error) };
      }
    };
    void answer().then((message) => process.send?.(message));
  });
  process.send?.('ready');
}

/** A program in a process of its own that can be asked. */
export interface Callee {
  call<Value>(name: string, argument: unknown): Promise<Value>;
  stop(): Promise<void>;
}

/** Starts a program that uses {@link answerCalls}. */
export async function startCallee(entry: string, environment: Readonly<Record<string, string>>): Promise<Callee> {
  const child: ChildProcess = fork(entry, { env: { ...process.env, ...environment } });
  await once(child, 'message');
  let calls = 0;
  return {
    call: async <Value>(name: string, argument: unknown): Promise<Value> => {
      calls += 1;
      const id = calls;
      const answered = new Promise<Answer>((resolve) => {
        const listen = (message: Answer): void => {
          if (message.id !== id) return;
          child.off('message', listen);
          resolve(message);
        };
        child.on('message', listen);
      });
      child.send({ id, name, argument });
      const { value, error } = await answered;
      if (error !== undefined) throw new Error(`${name}: ${error}`);
      return value as Value;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
