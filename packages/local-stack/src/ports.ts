import { createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { describePortHolder } from './port-holder.ts';
import { errorCode, StackError } from './stack-error.ts';

/** The ports that people use. */
export interface StackPorts {
  readonly supabase: number;
  readonly postgres: number;
  readonly api: number;
  readonly temporal: number;
  readonly temporalUi: number;
}

export type ServiceName = keyof StackPorts;

interface Service {
  readonly title: string;
  readonly port: number;
  readonly setting: string;
}

export const SERVICES: Readonly<Record<ServiceName, Service>> = {
  supabase: { title: 'the Supabase endpoint', port: 54321, setting: 'DURABASE_SUPABASE_PORT' },
  postgres: { title: 'Postgres', port: 54322, setting: 'DURABASE_POSTGRES_PORT' },
  api: { title: 'the API', port: 3000, setting: 'DURABASE_API_PORT' },
  temporal: { title: 'Temporal', port: 7233, setting: 'DURABASE_TEMPORAL_PORT' },
  temporalUi: { title: 'the Temporal Web UI', port: 8233, setting: 'DURABASE_TEMPORAL_UI_PORT' },
};

export const SERVICE_NAMES = ['supabase', 'postgres', 'api', 'temporal', 'temporalUi'] as const;

/** Defaults, shifted by DURABASE_PORT_OFFSET; a port that has a setting of its own is not shifted. */
export const portsFromEnvironment = (env: NodeJS.ProcessEnv): StackPorts => {
  const offset = readInteger(env, 'DURABASE_PORT_OFFSET', { min: -60_000, max: 60_000 }) ?? 0;
  const resolve = (name: ServiceName): number => {
    const { port, setting } = SERVICES[name];
    const resolved = readInteger(env, setting, { min: 1, max: 65_535 }) ?? port + offset;
    if (resolved >= 1 && resolved <= 65_535) return resolved;
    throw new StackError(
      `DURABASE_PORT_OFFSET=${offset} puts ${SERVICES[name].title} on port ${resolved}. Choose a smaller one.`,
    );
  };
  return fromNames(resolve);
};

/** Free ports for every service, for demos and tests. */
export const freeStackPorts = async (): Promise<StackPorts> => {
  const free = [...(await freePorts(SERVICE_NAMES.length))];
  return fromNames(() => free.shift() ?? 0);
};

/** Refuses with a sentence that names port, service, setting and, where that is known, the program in the way. */
export const assertPortsFree = async (ports: StackPorts, names: readonly ServiceName[] = SERVICE_NAMES): Promise<void> => {
  const owners = new Map<number, ServiceName>();
  for (const name of names) {
    const { title, setting } = SERVICES[name];
    const port = ports[name];
    const twin = owners.get(port);
    if (twin !== undefined)
      throw new StackError(
        `Port ${port} is meant for both ${SERVICES[twin].title} and ${title}. Set ${setting} to another port.`,
      );
    owners.set(port, name);
    if (await isPortFree(port)) continue;
    const holder = describePortHolder(port);
    throw new StackError(
      `Port ${port} for ${title} is taken${holder === undefined ? '' : ` by ${holder}`}. ` +
        `Set ${setting} to a free port, or move all ports with DURABASE_PORT_OFFSET.`,
    );
  }
};

export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = errorCode(error);
      if (code === 'EADDRINUSE') return resolve(false);
      if (code === 'EACCES')
        return reject(new StackError(`Port ${port} may not be opened by this user. Choose one above 1023.`, error));
      reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

const FIRST_FREE_PORT = 20_000;
const KERNEL_DEFAULT_FIRST = 32_768;
/** Neighbouring process numbers, such as parallel test workers, begin so far apart. */
const PROCESS_STRIDE = 61;

let handedOutCount = 0;

/**
 * Free ports below the range from which the kernel takes the local ends of outgoing connections: nobody is given
 * one of them between the probe and our use of it. No port is handed out twice by one process.
 */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const end = kernelRangeStart();
  const size = end - FIRST_FREE_PORT;
  const found: number[] = [];
  for (let tries = 0; tries < size && found.length < count; tries += 1) {
    const port = FIRST_FREE_PORT + ((process.pid * PROCESS_STRIDE + handedOutCount) % size);
    handedOutCount += 1;
    if (await isPortFree(port)) found.push(port);
  }
  if (found.length === count) return found;
  throw new StackError(`Fewer than ${count} ports between ${FIRST_FREE_PORT} and ${end} are free.`);
};

const kernelRangeStart = (): number => {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    return first > FIRST_FREE_PORT + 2_000 ? first : KERNEL_DEFAULT_FIRST;
  } catch {
    // Not Linux: other systems start at 49152, so the Linux default is safe there too.
    return KERNEL_DEFAULT_FIRST;
  }
};

const fromNames = (resolve: (name: ServiceName) => number): StackPorts => ({
  supabase: resolve('supabase'),
  postgres: resolve('postgres'),
  api: resolve('api'),
  temporal: resolve('temporal'),
  temporalUi: resolve('temporalUi'),
});

const readInteger = (
  env: NodeJS.ProcessEnv,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined => {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new StackError(`${name}=${text} is not a whole number from ${min} to ${max}.`);
};
