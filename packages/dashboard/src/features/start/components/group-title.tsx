import type { Field } from '../read-field.ts';

/** Of fields that belong together; with a star where they are needed, as other fields have it. */
export const GroupTitle = ({ field }: { readonly field: Field }) => (
  <legend>
    {field.title}
    {field.isRequired ? (
      <span className="form-star" aria-hidden="true">
        {' *'}
      </span>
    ) : null}
  </legend>
);
