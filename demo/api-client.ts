import type { DemoTask } from './tasks.ts';

/** The HTTP API, as any program would call it. */
export interface ApiClient {
  /** Returns the id of the task. */
  saveTask(task: DemoTask): Promise<string>;
  /** The same key gives the same run. */
  startRun(task: string, options: { readonly input: unknown; readonly idempotencyKey: string }): Promise<string>;
}

export function createApiClient({ url, token }: { readonly url: string; readonly token: string }): ApiClient {
  const post = async (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${answer}`);
    return JSON.parse(answer) as unknown;
  };
  return {
    saveTask: async (task) => {
      const saved = (await post('/tasks', task)) as { readonly task: { readonly id: string } };
      return saved.task.id;
    },
    startRun: async (task, { input, idempotencyKey }) => {
      const run = (await post(`/tasks/${task}/runs`, { input }, { 'idempotency-key': idempotencyKey })) as {
        readonly id: string;
      };
      return run.id;
    },
  };
}
