import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DefinedTask, isDefinedTask } from '@durabase/contracts/define-task/defined-task';
import { isPlatformError } from '@durabase/contracts/errors';
import { isJsonObject, type JsonObject } from '@durabase/contracts/json';
import { CliError } from './cli-error.ts';

/** A task that a file holds. */
export interface LoadedTask {
  readonly file: string;
  readonly slug: string;
  readonly definition: JsonObject;
}

const messageOf = (error: unknown): string => String(Reflect.get(Object(error), 'message') ?? error);

const readJson = async (file: string, path: string): Promise<readonly JsonObject[]> => {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} is not valid JSON: ${messageOf(error)}`);
  }
  const definitions: readonly unknown[] = Array.isArray(content) ? content : [content];
  return definitions.map((definition) => {
    if (isJsonObject(definition)) return definition;
    throw new CliError(`${file} holds no task`, {
      hint: 'a task is a JSON object, such as {"slug": "ping", "action": "http", "with": {…}}',
    });
  });
};

const importTasks = async (file: string, path: string): Promise<readonly JsonObject[]> => {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (isPlatformError(error)) throw new CliError(`${file}: ${error.message}`, { code: error.code, hint: error.details.hint });
    throw new CliError(`${file} cannot be loaded: ${messageOf(error)}`, { hint: 'run it with node to see more' });
  }
  // One task may be exported twice, by its name and as the default.
  const tasks = new Set(
    Object.values(exported)
      .flat()
      .filter((value): value is DefinedTask => isDefinedTask(value)),
  );
  if (tasks.size === 0) throw new CliError(`${file} exports no task`, { hint: 'write: export const myTask = defineTask({ … })' });
  const sorted = [...tasks].toSorted((one, other) => (one.slug < other.slug ? -1 : 1));
  return sorted.map(({ definition }) => definition as JsonObject);
};

const loadFile = async (file: string, folder: string): Promise<readonly LoadedTask[]> => {
  const path = resolve(folder, file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new CliError(`there is no file ${file}`, { hint: `in ${folder}` });
  if (!/\.(?:json|[cm]?[jt]s)$/.test(path))
    throw new CliError(`${file} is of no kind that is known`, { hint: 'give .json, .ts, .js or .mjs' });
  const definitions = path.endsWith('.json') ? await readJson(file, path) : await importTasks(file, path);
  return definitions.map((definition) => {
    const slug = definition['slug'];
    if (typeof slug === 'string' && /^[a-z0-9-]{1,63}$/.test(slug)) return { file, slug, definition };
    throw new CliError(`${file}: slug: ${JSON.stringify(slug ?? null)} is no name of a task`, {
      hint: 'use 1 to 63 lower-case letters, digits and inner hyphens',
    });
  });
};

/** The tasks of all files. Throws CliError. */
export const loadDefinitions = async (files: readonly string[], folder: string): Promise<readonly LoadedTask[]> => {
  const loaded: LoadedTask[] = [];
  for (const file of files) {
    for (const task of await loadFile(file, folder)) {
      const other = loaded.find(({ slug }) => slug === task.slug);
      if (other !== undefined)
        throw new CliError(`${other.file} and ${file} both define the task ${task.slug}`, { hint: 'keep one of them' });
      loaded.push(task);
    }
  }
  return loaded;
};
