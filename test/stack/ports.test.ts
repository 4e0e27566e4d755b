import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  assertPortsFree,
  freePorts,
  freeStackPorts,
  isPortFree,
  portsFromEnvironment,
} from '../../packages/local-stack/src/ports.ts';

const servers: Server[] = [];
const takePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('portsFromEnvironment', () => {
  it('returns the documented ports', () => {
    expect(portsFromEnvironment({})).toEqual({ supabase: 54321, postgres: 54322, api: 3000, temporal: 7233, temporalUi: 8233 });
  });

  it('shifts all ports that have no setting of their own', () => {
    const ports = portsFromEnvironment({ DURABASE_PORT_OFFSET: '100', DURABASE_API_PORT: '4000' });
    expect(ports).toEqual({ supabase: 54421, postgres: 54422, api: 4000, temporal: 7333, temporalUi: 8333 });
  });

  it.each([
    ['DURABASE_API_PORT', 'many'],
    ['DURABASE_POSTGRES_PORT', '70000'],
    ['DURABASE_PORT_OFFSET', '20000'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => portsFromEnvironment({ [name]: value })).toThrow(new RegExp(`${name}=${value}`));
  });
});

describe('assertPortsFree', () => {
  it('names port, service, setting and holder of a taken port', async () => {
    const taken = await takePort();
    const ports = { ...(await freeStackPorts()), temporal: taken };
    const attempt = assertPortsFree(ports);
    await expect(attempt).rejects.toThrow(`Port ${taken} for Temporal is taken`);
    await expect(attempt).rejects.toThrow('DURABASE_TEMPORAL_PORT');
    if (process.platform === 'linux') await expect(attempt).rejects.toThrow(`(pid ${process.pid})`);
  });

  it('refuses one port for two services', async () => {
    const ports = await freeStackPorts();
    await expect(assertPortsFree({ ...ports, api: ports.supabase })).rejects.toThrow('both the Supabase endpoint and the API');
  });

  it('accepts free ports', async () => {
    await expect(assertPortsFree(await freeStackPorts())).resolves.toBeUndefined();
  });
});

describe('freePorts', () => {
  it('hands out different ports that are free and below the range for outgoing connections', async () => {
    const ports = [...(await freePorts(5)), ...(await freePorts(5))];
    expect(new Set(ports).size).toBe(10);
    for (const port of ports) {
      expect(port).toBeLessThan(32_768);
      expect(await isPortFree(port)).toBe(true);
    }
  });
});
