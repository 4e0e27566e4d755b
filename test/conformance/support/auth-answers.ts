interface AuthAnswer {
  readonly error: { readonly name: string; readonly status?: number | undefined; readonly code?: string | undefined } | null;
}

/** Status and code of a refusal of Auth in one word, such as `400 invalid_credentials`; of a good answer `200`. */
export const inShort = ({ error }: AuthAnswer): string =>
  error === null ? '200' : `${error.status ?? 'no status'} ${error.code ?? error.name}`;
