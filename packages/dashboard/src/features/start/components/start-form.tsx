import { Button, Tabs } from '@mantine/core';
import { type SubmitEvent, useEffect, useRef } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { JsonEditor } from '../../../components/json-editor.tsx';
import { type StartOptions, useStartForm } from '../use-start-form.ts';
import { SchemaField } from './schema-field.tsx';
import './start-form.css';

/** A form made of the task's input schema; the same input as JSON beside it. */
export const StartForm = (options: StartOptions) => {
  const { field, value, text, tab, faults, marks, failure, sentCount, error, ...start } = useStartForm(options);
  const form = useRef<HTMLFormElement>(null);
  // After a try, by whomever it was refused; not while somebody mends it.
  useEffect(() => {
    if (sentCount > 0) focusFault(form.current);
  }, [sentCount]);
  useEffect(() => {
    if (error !== null) focusFault(form.current);
  }, [error]);
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    start.send();
  };
  return (
    <form ref={form} onSubmit={submit} noValidate className="start-form">
      <Tabs value={tab} onChange={start.choose} keepMounted={false}>
        {start.hasFields ? (
          <Tabs.List mb="md">
            <Tabs.Tab value="form" disabled={start.isFormClosed}>
              Form
            </Tabs.Tab>
            <Tabs.Tab value="json">As JSON</Tabs.Tab>
          </Tabs.List>
        ) : null}
        <Tabs.Panel value="form">
          <SchemaField field={field} value={value} path="" faults={faults} onChange={start.change} />
        </Tabs.Panel>
        <Tabs.Panel value="json">
          {options.schema === undefined ? (
            <p className="soft small start-hint">This task says nothing of its input: any JSON fits.</p>
          ) : null}
          <JsonEditor label="Input" text={text} problems={marks} onChange={start.write} />
        </Tabs.Panel>
      </Tabs>
      <div className="start-send">
        <Button type="submit" size="sm" loading={start.isPending} leftSection={<Icon name="play" size={14} />}>
          Start
        </Button>
        {failure === undefined ? null : (
          <p role="alert" className="form-fault">
            {failure}
          </p>
        )}
      </div>
    </form>
  );
};

const focusFault = (form: HTMLFormElement | null): void => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
