/** A run, by its id or by anything that has it: a row, a handle. */
export type RunReference = string | { readonly id: string };

export const idOf = (run: RunReference): string => (typeof run === 'string' ? run : run.id);
