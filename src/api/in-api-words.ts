import { isPlatformError, PlatformError } from '@durabase/contracts';

/** SQL names its arguments; the API names its fields. */
const FIELDS: Readonly<Record<string, string>> = {
  idempotency_key: 'Idempotency-Key',
  run_at: 'runAt',
  from_step: 'fromStep',
  max_runs: 'maxRuns',
  expires_at: 'expiresAt',
  user_id: 'userId',
  file_name: 'fileName',
  content_type: 'contentType',
};

/** A refusal with the path that callers of the API know. */
export function inApiWords(refusal: PlatformError): PlatformError {
  const field = FIELDS[refusal.details.path ?? ''];
  return field === undefined
    ? refusal
    : new PlatformError(refusal.code, { ...refusal.details, message: refusal.message, path: field });
}

/** What a call of SQL gives; its refusals in the words of the API. */
export async function speakApi<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw isPlatformError(error) ? inApiWords(error) : error;
  }
}
