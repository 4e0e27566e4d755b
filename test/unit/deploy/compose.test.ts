import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { readConfig } from '../../../src/config.ts';

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly command?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const ROOT = join(import.meta.dirname, '../../..');
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
/** They end when their work is done, and nobody waits for them to be healthy. */
const ONE_SHOT = ['temporal-schema', 'temporal-namespace', 'migrate'];

const folder = mkdtempSync(join(tmpdir(), 'durabase-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const secretsFile = join(folder, '.env');
execFileSync(process.execPath, [join(ROOT, 'deploy/generate-secrets.mjs'), secretsFile]);
const secrets = new Map(
  [...readFileSync(secretsFile, 'utf8').matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
);
/** As compose fills in variables, a secret for which there is no default from the generated file. */
const fill = (value: string): string =>
  value.replaceAll(
    /\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}/g,
    (_, name: string, fallback?: string) => secrets.get(name) ?? fallback ?? '',
  );
const environmentOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [key, fill(value)]));

describe('docker-compose.yml', () => {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'compose-spec.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

  it('is valid by the schema of the Compose Specification', () => {
    expect({ isValid: validate(parse(text, { merge: true })), errors: validate.errors }).toEqual({ isValid: true, errors: null });
  });

  it('would not be with a key that does not exist', () => {
    expect(validate({ services: { db: { image: 'x:1', helthcheck: {} } } })).toBe(false);
  });

  it('asks for no variable that is neither generated nor has a default', () => {
    const variables = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)(:-)?/g)];
    const missing = variables.filter(([, name = '', fallback]) => fallback === undefined && !secrets.has(name));
    expect(variables.length).toBeGreaterThan(20);
    expect(missing.map(([match]) => match)).toEqual([]);
  });

  it('uses every secret that is generated, and has none of its own', () => {
    expect([...secrets.keys()].filter((name) => !text.includes(`\${${name}:?`))).toEqual([]);
    const constants = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([key, value]) => /PASSWORD|PWD|SECRET|_KEYS?$|TOKEN$/.test(key) && !value.startsWith('${') && value !== 'true')
        .map(([key]) => `${name}: ${key}`),
    );
    expect(constants).toEqual([]);
  });

  it('pins every image', () => {
    const loose = services.filter(
      ([, { image = '' }]) => !/^[\w./-]+:(?:v?\d+\.\d[\w.-]*|\$\{DURABASE_IMAGE_TAG:-local\})$/.test(image),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  it('knows of every service whether it is healthy, except of those that end', () => {
    const blind = services.filter(([name, { healthcheck }]) => !ONE_SHOT.includes(name) && healthcheck?.test === undefined);
    expect(blind.map(([name]) => name)).toEqual([]);
  });

  it('waits for services until they are healthy, and for one-shots until they are done', () => {
    for (const [name, { depends_on: needs = {} }] of services)
      for (const [needed, { condition }] of Object.entries(needs))
        expect({ name, needed, condition, isThere: needed in compose.services }).toEqual({
          name,
          needed,
          condition: ONE_SHOT.includes(needed) ? 'service_completed_successfully' : 'service_healthy',
          isThere: true,
        });
  });

  it('opens ports on this machine only', () => {
    const ports = services.flatMap(([, { ports: open = [] }]) => open);
    expect(ports.length).toBe(4);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('mounts files that exist, and volumes that are declared', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const absent = sources.filter((source) =>
      source.startsWith('.') ? !existsSync(join(ROOT, source)) : !(source in compose.volumes),
    );
    expect(absent).toEqual([]);
  });

  it('gives API and worker a configuration that they accept', () => {
    for (const name of ['api', 'worker']) {
      const config = readConfig(environmentOf(name));
      expect(config.DURABASE_CODEC_KEYS?.[0]?.key.length).toBe(44);
      expect(config.DURABASE_ENVIRONMENT).toBe('production');
    }
    expect(() => readConfig({ ...environmentOf('api'), DURABASE_CODEC_KEYS: '' })).toThrow(/DURABASE_CODEC_KEYS is not set/);
  });

  it('tells the dashboard an address of Supabase that a browser reaches', () => {
    const [port = ''] = compose.services['gateway']?.ports ?? [];
    const { DURABASE_SUPABASE_PUBLIC_URL } = readConfig(environmentOf('api'));
    expect(`${DURABASE_SUPABASE_PUBLIC_URL}:8000`).toBe(`http://${fill(port)}`);
  });

  it('tells auth the issuer that the API expects', () => {
    expect(environmentOf('auth')['GOTRUE_JWT_ISSUER']).toBe(`${environmentOf('api')['DURABASE_SUPABASE_URL']}/auth/v1`);
  });

  it('gives Temporal the settings of the local stack', () => {
    const stack = readFileSync(join(ROOT, 'packages/local-stack/src/temporal.ts'), 'utf8');
    const block = /DYNAMIC_CONFIG: [^=]*= \{([\s\S]*?)\n\};/.exec(stack)?.[1] ?? '';
    const ofStack = [...block.matchAll(/^ {2}'([\w.]+)': '?([^',]+)'?,$/gm)].map(([, key, value]) => `${key}=${value}`);
    const ofCompose = Object.entries(
      parse(readFileSync(join(ROOT, 'deploy/temporal/dynamic-config.yaml'), 'utf8')) as Record<string, { value: unknown }[]>,
    ).map(([key, [entry]]) => `${key}=${String(entry?.value)}`);
    expect(ofStack.length).toBeGreaterThan(8);
    expect(ofCompose.toSorted()).toEqual(ofStack.toSorted());
  });
});
