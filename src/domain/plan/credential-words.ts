/** Names of fields and headers whose value is a credential. */
const CREDENTIAL_NAME =
  /^(?:bearer|password|authorization|proxy-authorization|cookie|(?:x-)?api[-_]?key|access[-_]?key|.*(?:token|secret)|header)$/i;
/** Values that are credentials wherever they stand. A signed token begins where a word does: long texts are read once. */
const CREDENTIAL_VALUE =
  /\b(?:sk-[A-Za-z0-9_-]{20,}|sb_secret_[A-Za-z0-9_-]{10,}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abpr]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})\b/;

/** Whether a field of this name holds a credential. */
export const isCredentialName = (name: string): boolean => CREDENTIAL_NAME.test(name);

/** Whether a text holds a credential of a known form. */
export const looksLikeCredential = (text: string): boolean => CREDENTIAL_VALUE.test(text);

/** Whether a piece of a credential is written out: letters and digits mixed, in a row of eight or more. */
export const holdsPiece = (text: string): boolean =>
  (text.match(/[A-Za-z0-9_+/.-]{8,}/g) ?? []).some((word) => /[A-Za-z]/.test(word) && /\d/.test(word));
