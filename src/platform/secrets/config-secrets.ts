import type { Secret, SecretsPort } from '../../ports/secrets.ts';

/** Secrets of the configuration: every workspace may use them, for the hosts that stand beside each. */
export function createConfigSecrets(
  entries: Readonly<Record<string, { readonly value: string; readonly hosts: readonly string[] }>>,
): SecretsPort {
  const secrets = new Map<string, Secret>(Object.entries(entries).map(([name, entry]) => [name, { name, ...entry }]));
  return {
    find: ({ name }) => Promise.resolve(secrets.get(name)),
    names: () => Promise.resolve(new Set(secrets.keys())),
  };
}
