/** A secret as the engine sees it, for the moment of its use only. */
export interface Secret {
  readonly name: string;
  readonly value: string;
  /** Hosts it may be sent to; see `credentialHosts` of an outgoing request. */
  readonly hosts: readonly string[];
}

/** Where `{{ secrets.NAME }}` comes from. */
export interface SecretsPort {
  /** `undefined` when the workspace has no secret of this name. */
  find(request: { readonly workspaceId: string; readonly name: string }): Promise<Secret | undefined>;
  /** Names of the secrets that tasks of the workspace may use; for checks when a task is saved. */
  names(request: { readonly workspaceId: string }): Promise<ReadonlySet<string>>;
}
