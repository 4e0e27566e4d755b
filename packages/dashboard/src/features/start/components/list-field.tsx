import { ActionIcon, Button } from '@mantine/core';
import { Icon } from '../../../components/icon.tsx';
import { type Field, initialValue } from '../read-field.ts';
import { GroupTitle } from './group-title.tsx';
import type { FieldOf, FieldProps } from './field-props.ts';

export const ListField = ({ field, value, path, faults, onChange, Inner }: FieldProps<FieldOf<'list'>>) => {
  const items: readonly unknown[] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const set = (next: readonly unknown[]): void => onChange(next.length === 0 && !field.isRequired ? undefined : next);
  return (
    <fieldset className="form-group">
      <GroupTitle field={field} />
      {field.description === undefined ? null : <p className="soft small">{field.description}</p>}
      {faults[path] === undefined ? null : <p className="form-fault">{faults[path]}</p>}
      {items.map((item, index) => (
        // By their place: values have no name of their own, and are only ever removed or added at the end.
        <div className="form-item" key={index}>
          <Inner
            field={{ ...field.item, title: `${field.item.title} ${index + 1}` }}
            value={item}
            path={`${path}[${index}]`}
            faults={faults}
            onChange={(next) => set(items.with(index, next ?? emptyOf(field.item.kind)))}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove ${field.item.title.toLowerCase()} ${index + 1}`}
            onClick={() => set(items.toSpliced(index, 1))}
          >
            <Icon name="cross" size={14} />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        className="form-add"
        leftSection={<Icon name="plus" size={13} />}
        onClick={() => set([...items, initialValue(field.item) ?? emptyOf(field.item.kind)])}
      >
        Add
      </Button>
    </fieldset>
  );
};

/** A place in a list holds something: JSON knows no holes. */
const emptyOf = (kind: Field['kind']): unknown => {
  switch (kind) {
    case 'text':
    case 'choice':
      return '';
    case 'number':
    case 'json':
      return null;
    case 'switch':
      return false;
    case 'list':
      return [];
    case 'group':
      return {};
  }
};
