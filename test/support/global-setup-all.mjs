// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { closeSharedServers, sharePostgres, shareTemporal } from './shared-servers.ts';

/** Before the tests of projects that need Postgres and Temporal. */
export default async function setUp() {
  const failed = (await Promise.allSettled([sharePostgres(), shareTemporal()])).find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  await closeSharedServers(); // Jest runs no teardown after a failed setup
  throw failed.reason;
}
