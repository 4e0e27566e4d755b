import { join } from 'node:path';
import { createServer } from 'vite';

/** The page of `examples/end-user`, served as its first line says. */
export interface EndUserPage {
  readonly url: string;
  close(): Promise<void>;
}

/** `cacheDir` is where Vite keeps what it has made of the packages: elsewhere than that of whoever works on the page. */
export const serveEndUser = async (cacheDir: string): Promise<EndUserPage> => {
  const server = await createServer({
    root: join(import.meta.dirname, '../../../examples/end-user'),
    configFile: false,
    logLevel: 'error',
    cacheDir,
    server: { host: '127.0.0.1', port: 0, hmr: false },
  });
  await server.listen();
  const [url] = server.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error('Vite serves examples/end-user, and does not say where');
  return { url, close: () => server.close() };
};
