import type { Json, JsonObject, PlatformError, Problem } from '@durabase/contracts';
import type { Compiled } from '../domain/plan/compile-task.ts';
import type { SqlError } from '../platform/db/sql-errors.ts';
import type { Db, Identity } from '../ports/db.ts';
import type { Log } from '../ports/log.ts';
import type { PayloadCodecPort } from '../ports/payload-codec.ts';
import type { UploadsPort } from '../ports/uploads.ts';

/** Verifies the token of a user. Throws PlatformError: TOKEN_EXPIRED, UNAUTHENTICATED, AUTH_UNAVAILABLE when the keys cannot be fetched. */
export type VerifyToken = (token: string) => Promise<Identity>;

/** Compiles a task in a workspace, whose secrets it may name; without one, in none. */
export type CompilePort = (definition: unknown, context: { readonly workspaceId?: string }) => Promise<Compiled>;

/** What is wrong with an input by its JSON Schema, as INVALID_INPUT problems with paths below `input`; empty when it fits. */
export type CheckInputPort = (schema: JsonObject, input: Json) => Promise<readonly Problem[]>;

/** What the errors of statements mean; the one border between SQL and the rest. */
export interface SqlErrors {
  fromSqlError(error: SqlError): PlatformError;
  /** Whether the same statement can succeed at once: the database broke a deadlock. */
  isConflict(error: unknown): boolean;
}

/** Calls `onNews` whenever changes have got their numbers, and when it (again) listens. */
export type ListenForChanges = (onNews: () => void) => { close(): Promise<void> };

/** What the API asks of the outside. */
export interface ApiPorts {
  readonly db: Db;
  readonly sqlErrors: SqlErrors;
  readonly log: Log;
  readonly verifyToken: VerifyToken;
  readonly compile: CompilePort;
  /** Without it, inputs are checked by the worker only, before admission. */
  readonly checkInput?: CheckInputPort;
  readonly listenForChanges: ListenForChanges;
  /** Tells the dispatchers that there is work. Never throws, returns at once. */
  readonly wake: () => void;
  /** Without it, payloads are not encrypted. */
  readonly codec?: PayloadCodecPort | undefined;
  /** Without it, no uploads are taken. */
  readonly uploads?: UploadsPort | undefined;
}
