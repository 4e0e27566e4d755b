import type { Json } from '@durabase/client';
import { element } from './element.ts';

interface Property {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: string | number | boolean | null;
}

interface InputSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

/** What was filled in: an input of a task. Throws with a sentence for people. */
type ReadInput = () => Json;

const TYPES: Readonly<Record<string, string>> = { email: 'email', date: 'date', uri: 'url' };
const SIMPLE = new Set(['string', 'integer', 'number', 'boolean']);
const isSimple = ({ type = '' }: Property): boolean => SIMPLE.has(type);

/**
 * Fields for the input of a task. Texts, numbers, choices and yes or no have one each; an input with anything else in it is
 * written as JSON. What is wrong with it beyond that, Durabase says.
 */
export const showFields = (place: HTMLElement, schema: unknown): ReadInput => {
  const { properties, required = [] } = (schema ?? {}) as InputSchema;
  if (properties === undefined || !Object.values(properties).every(isSimple))
    return schema === null ? noField(place) : jsonField(place);
  const fields = Object.entries(properties).map(([name, property]) => {
    const control = toControl(property, required.includes(name));
    return { name, property, control };
  });
  place.replaceChildren(
    ...fields.map(({ name, property, control }, at) => {
      control.id = `input-${at}`;
      const label = element('label', { htmlFor: control.id }, property.title ?? name);
      if (property.description === undefined) return element('div', { className: 'field' }, label, control);
      const help = element('p', { id: `${control.id}-help`, className: 'faint' }, property.description);
      control.setAttribute('aria-describedby', help.id);
      return element('div', { className: 'field' }, label, control, help);
    }),
  );
  return () =>
    Object.fromEntries(
      fields.flatMap(({ name, property, control }) => {
        const value = readControl(control, property);
        return value === undefined ? [] : [[name, value]];
      }),
    );
};

type Control = HTMLInputElement | HTMLSelectElement;

const toControl = (property: Property, isRequired: boolean): Control => {
  const { type = 'string', format = '', default: usual } = property;
  if (type === 'boolean') return element('input', { type: 'checkbox', checked: usual === true });
  if (property.enum !== undefined) {
    const options = property.enum.map((value) => new Option(String(value), String(value), false, value === usual));
    return element('select', { required: isRequired }, ...(isRequired ? [] : [new Option('', '')]), ...options);
  }
  const isNumber = type !== 'string';
  return element('input', {
    type: isNumber ? 'number' : (TYPES[format] ?? 'text'),
    step: type === 'integer' ? '1' : 'any',
    required: isRequired,
    value: String(usual ?? ''),
  });
};

const readControl = (control: Control, { type, enum: choices }: Property): Json | undefined => {
  if (type === 'boolean') return (control as HTMLInputElement).checked;
  if (control.value === '') return undefined;
  if (choices !== undefined) return choices.find((choice) => String(choice) === control.value) as Json;
  return type === 'string' ? control.value : Number(control.value);
};

const noField = (place: HTMLElement): ReadInput => {
  place.replaceChildren();
  return () => ({});
};

const jsonField = (place: HTMLElement): ReadInput => {
  const field = element('textarea', { rows: 4, value: '{}', spellcheck: false });
  place.replaceChildren(element('label', {}, 'Input, as JSON', field));
  return () => {
    try {
      return JSON.parse(field.value) as Json;
    } catch {
      throw new Error('The input is not JSON yet. Text stands in double quotes, as in {"day": "2026-11-20"}.');
    }
  };
};
