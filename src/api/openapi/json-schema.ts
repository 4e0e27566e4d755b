/** JSON Schema 2020-12, as far as we look into it. */
export type JsonSchema = Record<string, unknown>;
