import type { Queryable, Statement } from '../../ports/db.ts';

/** Names of the plan's steps in their order, and whether each has begun. Who may not read the task gets those that have begun. */
const LIST_PLANNED: Statement = {
  name: 'api_list_planned_steps',
  text: `with begun as (
      select s.step_id as id, min(s.name) as name, min(s.started_at) as at from durabase.run_steps s where s.run_id = $1 group by s.step_id),
    planned as (
      select p.step ->> 'id' as id, coalesce(p.step ->> 'name', p.step ->> 'id') as name, p.n
      from durabase.task_runs r join durabase.task_versions v on v.id = r.version_id,
        jsonb_array_elements(case when jsonb_typeof(v.definition -> 'steps') = 'array' then v.definition -> 'steps' else '[]' end)
          with ordinality as p (step, n)
      where r.id = $1)
    select coalesce(p.id, b.id) as id, coalesce(p.name, b.name) as name, b.id is not null as "hasBegun"
    from planned p full join begun b on b.id = p.id order by p.n nulls last, b.at limit 1000`,
};

export interface PlannedStep {
  readonly id: string;
  readonly name: string;
  readonly hasBegun: boolean;
}

export const listPlannedSteps = (tx: Queryable, runId: string): Promise<readonly PlannedStep[]> =>
  tx.query<PlannedStep>(LIST_PLANNED, [runId]);
