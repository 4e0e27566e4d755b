// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { closeSharedServers, sharePostgres } from './shared-servers.ts';

/** Before the tests of projects that need Postgres only. */
export default async function setUp() {
  try {
    await sharePostgres();
  } catch (error) {
    await closeSharedServers(); // Jest runs no teardown after a failed setup
    throw error;
  }
}
