import type { Run } from '@durabase/client';
import { Button, Tabs } from '@mantine/core';
import { type SubmitEvent, useMemo, useRef, useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { JsonEditor } from '../../../components/json-editor.tsx';
import { RefusedError } from '../../../lib/create-api-client.ts';
import { describeError } from '../../../lib/describe-error.ts';
import { parseJson } from '../../../lib/parse-json.ts';
import { useStartRun } from '../api/start-run.ts';
import { checkValue, type Faults } from '../check-value.ts';
import { initialValue, readField, type Schema } from '../read-field.ts';
import { SchemaField } from './schema-field.tsx';
import './start-form.css';

interface StartFormProps {
  readonly taskId: string;
  /** undefined: any input fits. */
  readonly schema: Schema | undefined;
  readonly onStart: (run: Run) => void;
}

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

/** A form made of the task's input schema; the same input as JSON beside it. */
export const StartForm = ({ taskId, schema, onStart }: StartFormProps) => {
  const field = useMemo(() => readField(schema ?? {}, { name: 'input', isRequired: true, depth: 0 }), [schema]);
  const isForm = field.kind === 'group' && field.fields.length > 0;
  const [value, setValue] = useState<unknown>(() => initialValue(field) ?? {});
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [tab, setTab] = useState<'form' | 'json'>(isForm ? 'form' : 'json');
  const [isSent, setIsSent] = useState(false);
  const start = useStartRun(taskId);
  const keyFor = useKeys();
  const parsed = parseJson(text);
  const input = tab === 'json' && parsed.ok ? parsed.value : value;
  const own = useMemo(() => checkValue(field, input), [field, input]);
  const faults = isSent ? { ...faultsOf(start.error), ...own } : {};
  const choose = (next: string | null): void => {
    if (next === 'json') setText(JSON.stringify(value, null, 2));
    else if (parsed.ok) setValue(parsed.value);
    setTab(next === 'json' ? 'json' : 'form');
  };
  const change = (next: unknown): void => {
    start.reset();
    setValue(next ?? {});
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setIsSent(true);
    const isRefused = Object.keys(own).length > 0 || (tab === 'json' && !parsed.ok);
    if (!isRefused) start.mutate({ input, idempotencyKey: keyFor(input) }, { onSuccess: onStart });
  };
  const marks = parsed.ok ? Object.entries(faults).map(([path, message]) => ({ path, message })) : [parsed.problem];
  return (
    <form onSubmit={submit} noValidate className="start-form">
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        {isForm ? (
          <Tabs.List mb="md">
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="json">As JSON</Tabs.Tab>
          </Tabs.List>
        ) : null}
        <Tabs.Panel value="form">
          <SchemaField field={field} value={value} path="" faults={faults} onChange={change} />
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <JsonEditor label="Input" text={text} problems={marks} onChange={setText} />
        </Tabs.Panel>
      </Tabs>
      <div className="start-send">
        <Button type="submit" size="sm" loading={start.isPending} leftSection={<Icon name="play" size={14} />}>
          Start
        </Button>
        <Refusal faultCount={Object.keys(faults).length} error={start.error} />
      </div>
    </form>
  );
};

const Refusal = ({ faultCount, error }: { readonly faultCount: number; readonly error: Error | null }) => {
  if (error === null && faultCount === 0) return null;
  const text =
    faultCount > 0
      ? `${faultCount === 1 ? 'One field needs' : `${faultCount} fields need`} another look.`
      : describeError(error).title;
  return (
    <p role="alert" className="form-fault">
      {text}
    </p>
  );
};
