import type { MirrorPort } from '../../ports/mirror.ts';

const MAX_ENTRIES = 10_000;
const OWN_ID = /^run-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The workspace of a run's workflow, for the payload codec; `undefined` where the id does not tell. */
export function createWorkspaceLookup(mirror: Pick<MirrorPort, 'loadRun'>): (workflowId: string) => Promise<string | undefined> {
  const known = new Map<string, string>();
  return async (workflowId) => {
    const runId = OWN_ID.exec(workflowId)?.[1];
    if (runId === undefined) return undefined;
    const found = known.get(runId) ?? (await mirror.loadRun(runId))?.workspaceId;
    if (found === undefined) return undefined;
    known.set(runId, found);
    const oldest = known.keys().next().value;
    if (known.size > MAX_ENTRIES && oldest !== undefined) known.delete(oldest);
    return found;
  };
}
