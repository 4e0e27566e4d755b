import type { ComponentType } from 'react';
import type { Faults } from '../check-value.ts';
import type { Field } from '../read-field.ts';

/** What every field is given. */
export interface FieldProps<OfField extends Field = Field> {
  readonly field: OfField;
  readonly value: unknown;
  /** Of the value: `address.city`, `tags[0]`. */
  readonly path: string;
  readonly faults: Faults;
  /** undefined: leave it out. */
  readonly onChange: (value: unknown) => void;
  /** Draws the fields inside. */
  readonly Inner: ComponentType<Omit<FieldProps, 'Inner'>>;
}

/** One kind of field. */
export type FieldOf<Kind extends Field['kind']> = Extract<Field, { kind: Kind }>;
