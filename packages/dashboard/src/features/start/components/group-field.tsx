import { GroupTitle } from './group-title.tsx';
import type { FieldOf, FieldProps } from './field-props.ts';
import './start-form.css';

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};

/** An object with another value at a name; undefined: without it. */
export const setProperty = (value: unknown, name: string, property: unknown): Readonly<Record<string, unknown>> => {
  const { [name]: _, ...others } = asObject(value);
  if (property === undefined) return others;
  // In its old place, so that the JSON beside the form does not jump.
  return name in asObject(value) ? { ...asObject(value), [name]: property } : { ...others, [name]: property };
};

export const GroupField = ({ field, value, path, faults, onChange, Inner }: FieldProps<FieldOf<'group'>>) => {
  const given = asObject(value);
  const change = (name: string, property: unknown): void => {
    const next = setProperty(value, name, property);
    onChange(Object.keys(next).length === 0 && !field.isRequired && path !== '' ? undefined : next);
  };
  const fields = field.fields.map(([name, inner]) => (
    <Inner
      key={name}
      field={inner}
      value={given[name]}
      path={path === '' ? name : `${path}.${name}`}
      faults={faults}
      onChange={(property) => change(name, property)}
    />
  ));
  if (path === '') return <div className="form-fields">{fields}</div>;
  return (
    <fieldset className="form-group">
      <GroupTitle field={field} />
      {field.description === undefined ? null : <p className="soft small">{field.description}</p>}
      {faults[path] === undefined ? null : <p className="form-fault">{faults[path]}</p>}
      <div className="form-fields">{fields}</div>
    </fieldset>
  );
};
