import { callDirectly, CALLS, feedsOf, type Args } from './calls.ts';
import type { DatabaseFunction } from './catalogue.ts';
import type { KeyedRole } from './roles.ts';
import { answerOf, type Answer } from './rows.ts';
import { RUNS, TASKS } from './topics.ts';
import type { World } from './world.ts';

export type Body = Readonly<Record<string, unknown>>;

/** A request, and how direct SQL answers the same question. */
export interface Question {
  readonly path: string;
  /** Sent by POST; without it the request is a GET. */
  readonly json?: Body;
  /** What of the answer is compared. */
  readonly read: (body: Body) => readonly unknown[];
  readonly directly: (role: KeyedRole) => Promise<Answer>;
}

/** Paths of routes that read, and of routes that write, as the tests name them. */
export const READ_PATHS = [
  '/api/v1/tasks',
  '/api/v1/tasks/:task',
  '/api/v1/tasks/:task/versions',
  '/api/v1/runs',
  '/api/v1/runs/counts',
  '/api/v1/runs/:run',
  '/api/v1/runs/:run/steps',
  '/api/v1/runs/:run/events',
  '/api/v1/runs/:run/links',
  '/api/v1/runs/:run/explain',
  '/api/v1/runs/:run/story',
  '/api/v1/events',
  '/api/v1/feeds',
  '/api/v1/feeds/:feed/changes',
  '/api/v1/payloads/:payload',
  '/api/v1/drift',
  '/api/v1/api-keys',
] as const;
export const WRITE_PATHS = [
  '/api/v1/tasks',
  '/api/v1/tasks/:task/runs',
  '/api/v1/runs',
  '/api/v1/runs/bulk',
  '/api/v1/runs/:run/cancel',
  '/api/v1/runs/:run/pause',
  '/api/v1/runs/:run/resume',
  '/api/v1/runs/:run/retry',
  '/api/v1/runs/:run/rerun',
  '/api/v1/runs/:run/fork',
  '/api/v1/runs/:run/steps/:step/complete',
  '/api/v1/runs/:run/steps/:step/fail',
  '/api/v1/runs/:run/steps/:step/token',
  '/api/v1/events',
  '/api/v1/uploads',
  '/api/v1/api-keys',
] as const;

export interface Questions {
  toRead(path: (typeof READ_PATHS)[number]): readonly Question[];
  toWrite(path: (typeof WRITE_PATHS)[number], role: KeyedRole): readonly Question[];
}

type Item = Readonly<Record<string, unknown>>;
type Ask = Pick<Question, 'directly'>['directly'];

const pluck = (name: string) => (body: Body) => (body['items'] as readonly Item[]).map((item) => item[name]);

const stepPathOf = ({ run, step }: Args, operation: string): string =>
  `/api/v1/runs/${String(run)}/steps/${String(step)}/${operation}`;

/** Everything that callers may ask the API, about the things of the world. */
export const createQuestions = (world: World, functions: readonly DatabaseFunction[]): Questions => {
  const { idOf } = world;
  const select =
    (sql: string, { id, otherwise }: { readonly id?: string; readonly otherwise?: string } = {}): Ask =>
    async (role) => {
      const answer = await answerOf(
        world.act(role, async (client) => {
          const { rows } = await client.query<{ value: unknown }>(`select ${sql}`, id === undefined ? [] : [id]);
          return rows.map(({ value }) => value);
        }),
      );
      return otherwise !== undefined && answer.length === 0 ? otherwise : answer;
    };
  const call =
    (name: string, args: Args, pick: (row: Item) => unknown): Ask =>
    async (role) => {
      const found = functions.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`there is no function durabase.${name}`);
      const answer = await callDirectly(world, role, found, args);
      return typeof answer === 'string' ? answer : answer.map((row) => pick(row as Item));
    };
  const ofTasks = (suffix: string, read: Question['read'], sql: string): readonly Question[] =>
    TASKS.map(idOf).map((id) => ({
      path: `/api/v1/tasks/${id}${suffix}`,
      read,
      directly: select(sql, { id, otherwise: '404 TASK_NOT_FOUND' }),
    }));
  const ofRuns = (suffix: string, read: Question['read'], sql: string): readonly Question[] =>
    RUNS.map(idOf).map((id) => ({
      path: `/api/v1/runs/${id}${suffix}`,
      read,
      directly: select(sql, { id, otherwise: '404 RUN_NOT_FOUND' }),
    }));
  const ofCalls = (name: string, role: KeyedRole, toRequest: (args: Args) => readonly [string, Body]): readonly Question[] =>
    (CALLS[name]?.(world, role) ?? []).map(({ args }) => {
      const [path, json] = toRequest(args);
      return { path, json, read: () => [], directly: call(name, args, () => undefined) };
    });

  const toRead: Questions['toRead'] = (path) => {
    switch (path) {
      case '/api/v1/tasks':
        return [
          {
            path: `${path}?limit=100`,
            read: pluck('id'),
            directly: select('id as value from durabase.tasks where deleted_at is null'),
          },
        ];
      case '/api/v1/tasks/:task':
        return ofTasks('', (body) => [(body['task'] as Item)['id']], 'id as value from durabase.tasks where id = $1');
      case '/api/v1/tasks/:task/versions':
        return ofTasks('/versions', pluck('id'), 'id as value from durabase.task_versions where task_id = $1');
      case '/api/v1/runs':
        return [{ path: `${path}?limit=100`, read: pluck('id'), directly: select('id as value from durabase.task_runs') }];
      case '/api/v1/runs/counts':
        return [
          {
            path,
            read: (body) =>
              (body['counts'] as readonly Item[])
                .filter(({ count }) => count !== 0)
                .map(({ state, count }) => `${String(state)} ${String(count)}`)
                .toSorted(),
            directly: select(
              'state || \' \' || count(*) as value from durabase.task_runs group by state order by state collate "C"',
            ),
          },
        ];
      case '/api/v1/runs/:run':
        return ofRuns('', (body) => [body['id']], 'id as value from durabase.task_runs where id = $1');
      case '/api/v1/runs/:run/steps':
        // A run of which somebody sees no step is no run that is not there: one value, which may be an empty list.
        return ofRuns(
          '/steps',
          (body) => [pluck('stepId')(body)],
          `(select coalesce(json_agg(s.step_id order by s.started_at, s.step_id, s.iteration), '[]') from durabase.run_steps s where s.run_id = r.id)
             as value from durabase.task_runs r where r.id = $1`,
        );
      case '/api/v1/runs/:run/events':
        return ofRuns('/events', pluck('seq'), 'seq::int as value from durabase.events_since($1, 0, 1000)');
      case '/api/v1/runs/:run/links':
        return ofRuns(
          '/links',
          (body) => [pluck('runId')(body)],
          "coalesce(jsonb_agg(run_id order by created_at, run_id), '[]') as value from durabase.list_links($1)",
        );
      case '/api/v1/runs/:run/explain':
        return ofRuns('/explain', (body) => [body['summary']], "durabase.explain_run($1) ->> 'summary' as value");
      case '/api/v1/runs/:run/story':
        return ofRuns('/story', (body) => [body['waitsFor']], "durabase.explain_run($1) ->> 'summary' as value");
      case '/api/v1/events':
        return [{ path: `${path}?limit=100`, read: pluck('id'), directly: select('id as value from durabase.events') }];
      case '/api/v1/feeds':
        return [{ path, read: pluck('topic'), directly: call('feeds', {}, (row) => row['topic']) }];
      case '/api/v1/feeds/:feed/changes':
        return feedsOf(idOf).map((feed) => ({
          path: `/api/v1/feeds/${feed}/changes`,
          read: pluck('seq'),
          directly: call('changes_since', { feed }, (row) => row['seq']),
        }));
      case '/api/v1/payloads/:payload':
        return ['payload of runnerOwnPlain', 'payload of theirs'].map(idOf).map((payload) => ({
          path: `/api/v1/payloads/${payload}`,
          read: (body) => [body['value']],
          directly: call('get_payload', { payload }, (value) => value),
        }));
      case '/api/v1/api-keys':
        return [{ path, read: pluck('id'), directly: select('id as value from durabase.api_keys') }];
      case '/api/v1/drift':
        return [{ path, read: pluck('id'), directly: call('drift', {}, (row) => row['id']) }];
    }
  };

  const toWrite: Questions['toWrite'] = (path, role) => {
    switch (path) {
      case '/api/v1/tasks':
        return ofCalls('save_task', role, ({ definition, workspace }) => [
          `${path}?workspace=${String(workspace)}`,
          definition as Body,
        ]);
      case '/api/v1/tasks/:task/runs':
        return ofCalls('start_run', role, ({ task, input }) => [`/api/v1/tasks/${String(task)}/runs`, { input }]);
      case '/api/v1/runs':
        return ofCalls('start_run', role, ({ task, input }) => [path, { task, input }]);
      case '/api/v1/runs/bulk':
        return ofCalls('for_runs', role, (args) => [path, args]);
      case '/api/v1/runs/:run/cancel':
        return ofCalls('cancel_run', role, ({ run }) => [`/api/v1/runs/${String(run)}/cancel`, {}]);
      case '/api/v1/runs/:run/pause':
        return ofCalls('pause_run', role, ({ run }) => [`/api/v1/runs/${String(run)}/pause`, {}]);
      case '/api/v1/runs/:run/resume':
        return ofCalls('resume_run', role, ({ run }) => [`/api/v1/runs/${String(run)}/resume`, {}]);
      case '/api/v1/runs/:run/retry':
        return ofCalls('retry_run', role, ({ run }) => [`/api/v1/runs/${String(run)}/retry`, {}]);
      case '/api/v1/runs/:run/rerun':
        return ofCalls('rerun', role, ({ run }) => [`/api/v1/runs/${String(run)}/rerun`, {}]);
      case '/api/v1/runs/:run/fork':
        return ofCalls('fork_run', role, ({ run, from_step: fromStep }) => [`/api/v1/runs/${String(run)}/fork`, { fromStep }]);
      case '/api/v1/runs/:run/steps/:step/complete':
        return ofCalls('complete_step', role, (args) => [stepPathOf(args, 'complete'), {}]);
      case '/api/v1/runs/:run/steps/:step/fail':
        return ofCalls('fail_step', role, (args) => [stepPathOf(args, 'fail'), { message: args['message'] }]);
      case '/api/v1/runs/:run/steps/:step/token':
        return ofCalls('step_token', role, (args) => [stepPathOf(args, 'token'), {}]);
      case '/api/v1/events':
        return ofCalls('emit_event', role, (args) => [path, args]);
      case '/api/v1/uploads':
        return ofCalls('prepare_upload', role, ({ file_name: fileName, content_type: contentType, ...rest }) => [
          path,
          { fileName, contentType, ...rest },
        ]);
      case '/api/v1/api-keys':
        return ofCalls('create_api_key', role, (args) => [path, args]);
    }
  };
  return { toRead, toWrite };
};
