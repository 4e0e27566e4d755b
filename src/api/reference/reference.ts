import type { OpenApiDocument } from '../openapi/document.ts';

/** The API told to programs and to people. */
export interface Reference {
  document(): OpenApiDocument;
  page(): ReferencePage;
}

export interface ReferencePage {
  readonly html: string;
  /** Content-Security-Policy: the one style sheet by its hash, and nothing else. */
  readonly policy: string;
}
