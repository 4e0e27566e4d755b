import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import { createUser, createWorkspace, type Workspace } from '../../support/build-rows.ts';
import { callRow, type Args } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import type { UsedDatabase } from '../../support/use-database.ts';

export const WHO = ['owner', 'admin', 'editor', 'runner', 'viewer', 'stranger', 'instanceAdmin', 'anonymous', 'service'] as const;
export type Who = (typeof WHO)[number];

/** What postgres itself says of a role that may not call the function at all. */
export const NO_GRANT = '42501';

/** A workspace with everybody who may look at it from inside and outside. */
export interface People {
  readonly workspace: Workspace;
  idOf(who: Who): string;
  /** Calls a function of the exposed schema as somebody. */
  call<Row extends pg.QueryResultRow>(who: Who, name: string, args?: Args): Promise<Row>;
  /** `fine`, or how it is refused. */
  outcome(who: Who, name: string, args?: Args): Promise<string>;
  auditOf(): Promise<readonly string[]>;
}

export const tellPeople = async ({ owner }: UsedDatabase): Promise<People> => {
  const workspace = await createWorkspace(owner);
  const others: Partial<Record<Who, string>> = { stranger: await createUser(owner), instanceAdmin: await createUser(owner) };
  await owner.query('insert into durabase.instance_admins (user_id) values ($1)', [others.instanceAdmin]);
  const users: Partial<Record<Who, string>> = { ...workspace.users, ...others };
  const idOf = (who: Who): string => users[who] ?? '';
  const call = <Row extends pg.QueryResultRow>(who: Who, name: string, args: Args = {}): Promise<Row> => {
    const work = (client: pg.ClientBase) => callRow<Row>(client, `durabase.${name}`, args);
    if (who === 'anonymous') return asAnonymous(owner, work);
    return who === 'service' ? asService(owner, work) : asUser(owner, idOf(who), work);
  };
  return {
    workspace,
    idOf,
    call,
    outcome: (who, name, args) =>
      call(who, name, args).then(
        () => 'fine',
        (error: unknown) => refusedAs(Promise.reject(error)),
      ),
    auditOf: async () => {
      const { rows } = await owner.query<{ line: string }>(
        "select action || ' by ' || actor_kind as line from durabase.audit_log where workspace_id = $1 order by n",
        [workspace.id],
      );
      return rows.map(({ line }) => line);
    },
  };
};
