import { httpAction } from '@durabase/contracts/actions/http';
import { isPlatformError, type PlatformError } from '@durabase/contracts/errors';
import type { z } from 'zod';
import { createHttp } from '../../src/activities/actions/http.ts';
import { createHttpClient } from '../../src/platform/http/index.ts';
import type { ActionContext } from '../../src/ports/action.ts';
import { actionContext } from '../support/action-context.ts';
import { startTarget, type RecordedRequest, type Target } from '../support/target-server.ts';

/** The action `http` between a real client and two targets. */
export interface HttpFixture {
  readonly target: Target;
  readonly other: Target;
  /** Runs the action as the wrapper does: input and output pass their contract. The default URL is the target's root. */
  run(input: Input, context?: Partial<ActionContext>): Promise<z.output<typeof httpAction.output>>;
  /** Runs it and hands back the error that it must end with. */
  fail(input: Input, context?: Partial<ActionContext>): Promise<PlatformError>;
  close(): Promise<void>;
}

type Input = Readonly<Record<string, unknown>>;

/** @see HttpFixture */
export async function startHttpFixture(): Promise<HttpFixture> {
  const [target, other] = await Promise.all([startTarget(), startTarget()]);
  const http = createHttpClient({ allow: [target, other].map(({ url }) => new URL(url).host) });

  const run: HttpFixture['run'] = async (input, context = {}) => {
    const parsed = httpAction.input.parse({ url: `${target.url}/`, ...input });
    return httpAction.output.parse(await createHttp({ http })(parsed, actionContext(context)));
  };
  const fail: HttpFixture['fail'] = async (input, context) => {
    const error = await run(input, context).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (isPlatformError(error)) return error;
    throw new Error('the action did not fail as it should', { cause: error });
  };
  const close = async (): Promise<void> => {
    await http.close();
    await Promise.all([target.close(), other.close()]);
  };
  return { target, other, run, fail, close };
}

/** The newest request that a target got. */
export function lastRequest(target: Target): RecordedRequest {
  const request = target.requests.at(-1);
  if (request === undefined) throw new Error('no request has arrived');
  return request;
}
