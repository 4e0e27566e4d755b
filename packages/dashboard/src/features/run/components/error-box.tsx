import { readTold } from '../../../lib/run-facts.ts';

const bodyOf = (error: unknown): string | undefined => {
  const { data } = (typeof error === 'object' && error !== null ? error : {}) as { readonly data?: { readonly body?: unknown } };
  return typeof data?.body === 'string' && data.body !== '' ? data.body : undefined;
};

/** Why it ended badly. */
export const ErrorBox = ({ error }: { readonly error: unknown }) => {
  const { code = 'ERROR', message } = readTold(error) ?? {};
  const body = bodyOf(error);
  return (
    <div className="error-box">
      <span>
        <code>{code}</code> {message}
      </span>
      {body === undefined ? null : <pre>{body}</pre>}
    </div>
  );
};
