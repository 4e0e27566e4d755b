import type { Run } from '@durabase/client';
import { useMemo, useRef, useState } from 'react';
import { RefusedError } from '../../lib/create-api-client.ts';
import { describeError } from '../../lib/describe-error.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { useStartRun } from './api/start-run.ts';
import { checkValue, type Faults } from './check-value.ts';
import { initialValue, readField, type Schema } from './read-field.ts';

export interface StartOptions {
  readonly taskId: string;
  /** undefined: any input fits. */
  readonly schema: Schema | undefined;
  readonly onStart: (run: Run) => void;
}

/** An input while it is written, in fields or as JSON: the two are the same value. */
export const useStartForm = ({ taskId, schema, onStart }: StartOptions) => {
  const field = useMemo(() => readField(schema ?? {}, { name: 'input', isRequired: true, depth: 0 }), [schema]);
  const hasFields = field.kind === 'group' && field.fields.length > 0;
  const [value, setValue] = useState<unknown>(() => initialValue(field) ?? {});
  const [text, setText] = useState(() => toText(value));
  const [tab, setTab] = useState<'form' | 'json'>(hasFields ? 'form' : 'json');
  const [sentCount, setSentCount] = useState(0);
  const start = useStartRun(taskId);
  const keyFor = useKeys();
  const parsed = parseJson(text);
  const input = tab === 'json' && parsed.ok ? parsed.value : value;
  const own = checkValue(field, input);
  const faults = sentCount > 0 ? { ...faultsOf(start.error), ...own } : {};
  const isBroken = tab === 'json' && !parsed.ok;
  return {
    field,
    hasFields,
    value,
    text,
    tab,
    faults,
    marks: parsed.ok ? Object.entries(faults).map(([path, message]) => ({ path, message })) : [parsed.problem],
    failure:
      sentCount === 0 ? undefined : describeFailure({ isBroken, faultCount: Object.keys(faults).length, error: start.error }),
    isPending: start.isPending,
    sentCount,
    error: start.error,
    /** Fields cannot show what is no object, and nothing that was written may be lost. */
    isFormClosed: tab === 'json' && !(parsed.ok && isObject(parsed.value)),
    choose: (next: string | null): void => {
      if (next === 'json') setText(toText(value));
      else if (parsed.ok) setValue(parsed.value);
      setTab(next === 'json' ? 'json' : 'form');
    },
    change: (next: unknown): void => {
      start.reset();
      setValue(next ?? {});
    },
    write: (next: string): void => {
      start.reset();
      setText(next);
    },
    send: (): void => {
      setSentCount(sentCount + 1);
      if (isBroken || Object.keys(own).length > 0) return;
      start.mutate({ input, idempotencyKey: keyFor(input) }, { onSuccess: onStart });
    },
  };
};

const toText = (value: unknown): string => JSON.stringify(value, null, 2);

/** What the API found, where the form shows it: paths there begin with `input`. */
const faultsOf = (error: Error | null): Faults =>
  error instanceof RefusedError
    ? Object.fromEntries(error.problems.map(({ path, message }) => [path.replace(/^input\.?/, ''), message]))
    : {};

/** One key for each input of one form. Made by hand: browsers give `randomUUID` to secure origins only. */
const useKeys = (): ((input: unknown) => string) => {
  const keys = useRef(new Map<string, string>());
  return (input) => {
    const text = JSON.stringify(input);
    const key = keys.current.get(text) ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
    keys.current.set(text, key);
    return key;
  };
};

interface FailureFacts {
  readonly isBroken: boolean;
  readonly faultCount: number;
  readonly error: Error | null;
}

const describeFailure = ({ isBroken, faultCount, error }: FailureFacts): string | undefined => {
  if (isBroken) return 'This is not JSON yet.';
  if (faultCount > 0) return `${faultCount === 1 ? 'One field needs' : `${faultCount} fields need`} another look.`;
  return error === null ? undefined : describeError(error).title;
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
