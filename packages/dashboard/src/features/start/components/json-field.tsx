import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { parseJson } from '../../../lib/parse-json.ts';
import type { FieldOf, FieldProps } from './field-props.ts';

/** A value of any shape, written as JSON. */
export const JsonField = ({ field, value, path, faults, onChange }: FieldProps<FieldOf<'json'>>) => {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const parsed = parseJson(text);
  const fault = text.trim() !== '' && !parsed.ok ? parsed.problem.message : faults[path];
  return (
    <Textarea
      label={field.title}
      description={field.description ?? 'As JSON.'}
      error={fault}
      withAsterisk={field.isRequired}
      name={path}
      autosize
      minRows={2}
      maxRows={14}
      value={text}
      styles={{ input: { fontFamily: 'var(--mono)', fontSize: '12.5px' } }}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const read = parseJson(typed);
        if (read.ok || typed.trim() === '') onChange(read.ok ? read.value : undefined);
      }}
    />
  );
};
