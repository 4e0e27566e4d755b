interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly error: { readonly code: string } | null;
}

/** Status and code of a refusal in one word, such as `404 PGRST205`; of a good answer the status alone. */
export const inShort = ({ status, error }: Answer): string => (error === null ? String(status) : `${status} ${error.code}`);

/** The data of an answer that must be good. */
export const dataOf = <Data>({ data, error }: { readonly data: Data; readonly error: unknown }): NonNullable<Data> => {
  if (error !== null && error !== undefined) throw new Error(`the request was refused: ${JSON.stringify(error)}`);
  if (data === null || data === undefined) throw new Error('the answer is empty');
  return data;
};
