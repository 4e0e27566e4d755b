/** What a refused call says: the code of the error table and the status that the Data API makes of it. */
export interface Refusal {
  readonly sqlstate: string;
  readonly code: string | undefined;
  readonly path: string | undefined;
  readonly message: string;
}

interface SqlError {
  readonly code?: string;
  readonly detail?: string;
  readonly message: string;
}

/** Awaits a refusal; a call that is not refused is an error. */
export const refusalOf = async (call: Promise<unknown>): Promise<Refusal> => {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: SqlError) => ({ error }),
  );
  if ('value' in outcome)
    throw new Error(`the call was not refused, it returned ${JSON.stringify(outcome.value)?.slice(0, 300)}`);
  const { code: sqlstate = '', detail = '{}', message } = outcome.error;
  const { code, path } = readDetail(detail);
  return { sqlstate, code, path, message };
};

/** Status and code in one word, such as `409 RUN_FINISHED`; for errors of Postgres itself the SQLSTATE. */
export const refusedAs = async (call: Promise<unknown>): Promise<string> => {
  const { sqlstate, code } = await refusalOf(call);
  return code === undefined ? sqlstate : `${sqlstate.replace(/^PT/, '')} ${code}`;
};

const readDetail = (detail: string): { readonly code?: string; readonly path?: string } => {
  try {
    return JSON.parse(detail) as { readonly code?: string; readonly path?: string };
  } catch {
    return {}; // a detail of Postgres itself
  }
};
