import { NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import type { FieldOf, FieldProps } from './field-props.ts';
import { GroupField } from './group-field.tsx';
import { JsonField } from './json-field.tsx';
import { ListField } from './list-field.tsx';

const common = ({ field, path, faults }: Pick<FieldProps, 'field' | 'path' | 'faults'>) => ({
  label: field.title,
  description: field.description,
  error: faults[path],
  withAsterisk: field.isRequired,
  required: field.isRequired,
  name: path,
});

/** One value of the input, drawn as its schema says. */
export const SchemaField = (given: Omit<FieldProps, 'Inner'>) => {
  const props = { ...given, Inner: SchemaField };
  const { field } = given;
  switch (field.kind) {
    case 'text':
      return <TextField {...props} field={field} />;
    case 'number':
      return <NumberField {...props} field={field} />;
    case 'choice':
      return <ChoiceField {...props} field={field} />;
    case 'switch':
      return <SwitchField {...props} field={field} />;
    case 'group':
      return <GroupField {...props} field={field} />;
    case 'list':
      return isTags(field) ? <TagsField {...props} field={field} /> : <ListField {...props} field={field} />;
    case 'json':
      return <JsonField {...props} field={field} />;
  }
};

const toText = (value: unknown): string => (typeof value === 'string' ? value : '');

const TextField = (props: FieldProps<FieldOf<'text'>>) => {
  const { field, value, onChange } = props;
  if (field.isLong) {
    return (
      <Textarea
        {...common(props)}
        autosize
        minRows={3}
        maxRows={12}
        value={toText(value)}
        onChange={(event) => onChange(leaveOut(event.currentTarget.value))}
      />
    );
  }
  const isMoment = field.input === 'datetime-local';
  return (
    <TextInput
      {...common(props)}
      type={field.input === 'email' || field.input === 'url' ? 'text' : field.input}
      inputMode={field.input === 'email' ? 'email' : field.input === 'url' ? 'url' : undefined}
      value={isMoment ? toLocal(toText(value)) : toText(value)}
      onChange={(event) => onChange(isMoment ? toMoment(event.currentTarget.value) : leaveOut(event.currentTarget.value))}
    />
  );
};

const leaveOut = (text: string): string | undefined => (text === '' ? undefined : text);

/** Browsers ask for local times without a zone, schemas for moments. */
const toMoment = (local: string): string | undefined => (local === '' ? undefined : new Date(local).toISOString());
const toLocal = (moment: string): string => {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

const NumberField = (props: FieldProps<FieldOf<'number'>>) => (
  <NumberInput
    {...common(props)}
    value={typeof props.value === 'number' ? props.value : ''}
    allowDecimal={!props.field.isWhole}
    hideControls={!props.field.isWhole}
    onChange={(typed) => props.onChange(typed === '' ? undefined : Number(typed))}
  />
);

const ChoiceField = (props: FieldProps<FieldOf<'choice'>>) => {
  const { field, value, onChange } = props;
  return (
    <Select
      {...common(props)}
      data={field.options.map(String)}
      value={field.options.some((option) => option === value) ? String(value as string | number) : null}
      onChange={(chosen) => onChange(field.options.find((option) => String(option) === chosen))}
      clearable={!field.isRequired}
      clearButtonProps={{ 'aria-label': `No ${field.title}` }}
      allowDeselect={false}
      comboboxProps={{ shadow: 'md' }}
    />
  );
};

const SwitchField = (props: FieldProps<FieldOf<'switch'>>) => {
  const { field, value, path, faults, onChange } = props;
  return (
    <Switch
      label={field.title}
      description={field.description}
      error={faults[path]}
      name={path}
      checked={value === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
};

const isTags = ({ item }: FieldOf<'list'>): boolean =>
  item.kind === 'text' && item.input === 'text' && !item.isLong && item.schema.pattern === undefined;

const TagsField = (props: FieldProps<FieldOf<'list'>>) => (
  <TagsInput
    {...common(props)}
    description={props.field.description ?? 'Enter adds one.'}
    value={Array.isArray(props.value) ? props.value.map(String) : []}
    onChange={(tags) => props.onChange(tags.length === 0 ? undefined : tags)}
    allowDuplicates
  />
);
