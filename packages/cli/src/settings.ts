import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** Where the API is, and as whom it is called. */
export interface Settings {
  readonly url: string;
  readonly token: string;
}

/** What of the local stack's own file is needed. */
const stackFile = z.object({ urls: z.object({ api: z.url() }), keys: z.object({ secret: z.string() }) });

const settingsSchema = z.object({
  DURABASE_URL: z
    .url({ protocol: /^https?$/, error: 'must be the address of the API, such as https://durabase.example.com' })
    .optional(),
  DURABASE_TOKEN: z.string().min(1, { error: 'is empty' }).optional(),
  DURABASE_STATE_DIR: z.string().min(1).default('.durabase'),
});

/** The file of the local stack of this folder, or of one above it. */
const readStack = (folder: string, stateDir: string): Settings | undefined => {
  let content: string;
  try {
    content = readFileSync(resolve(folder, stateDir, 'stack.json'), 'utf8');
  } catch {
    const above = dirname(folder);
    return above === folder ? undefined : readStack(above, stateDir); // no stack here
  }
  const parsed = stackFile.safeParse(JSON.parse(content));
  return parsed.success ? { url: parsed.data.urls.api, token: parsed.data.keys.secret } : undefined;
};

interface SettingsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Of the command line. */
  readonly url: string | undefined;
}

/** The only reader of the environment. Throws CliError. */
export const readSettings = ({ env, folder, url: named }: SettingsOptions): Settings => {
  const parsed = settingsSchema.safeParse(named === undefined ? env : { ...env, DURABASE_URL: named });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CliError(`${String(issue?.path[0])} ${issue?.message ?? 'is not valid'}`, { exitCode: EXIT.usage });
  }
  const { DURABASE_URL: url, DURABASE_TOKEN: token, DURABASE_STATE_DIR: stateDir } = parsed.data;
  if (url !== undefined && token !== undefined) return { url, token };
  const stack = readStack(folder, stateDir);
  if (url === undefined) {
    if (stack !== undefined) return token === undefined ? stack : { ...stack, token };
    throw new CliError('no API is named, and no local stack runs here', {
      hint: 'set DURABASE_URL and DURABASE_TOKEN, or start the local stack: npm start',
      exitCode: EXIT.usage,
    });
  }
  if (stack !== undefined && new URL(stack.url).origin === new URL(url).origin) return { url, token: stack.token };
  throw new CliError(`no token is there for ${url}`, {
    hint: 'set DURABASE_TOKEN to the token of a user, or to the secret key of the project',
    exitCode: EXIT.usage,
  });
};
