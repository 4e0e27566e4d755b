/** Longest expression, in UTF-16 code units. */
export const MAX_LENGTH = 4_096;
/** Most nodes of the syntax tree, macros expanded. */
export const MAX_NODES = 500;
/** Most brackets inside of each other. */
export const MAX_NESTING = 64;
/** Longest text that a function may produce, in UTF-16 code units. */
export const MAX_TEXT = 5_000_000;
/** Largest result, in bytes of its JSON. */
export const MAX_RESULT_BYTES = 5_000_000;
/** Deepest nesting of values that are compared or returned. */
export const MAX_DEPTH = 500;
/**
 * Default bound of one evaluation. A unit is about the visit of one node of the expression, or 64 characters of text; a
 * whole budget of simple iterations takes about a tenth of a second.
 */
export const DEFAULT_MAX_COST = 1_000_000;
