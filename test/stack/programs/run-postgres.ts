// Starts Postgres in the given folder, asks who runs it, and stops it.
import pg from 'pg';
import { freePorts, startPostgres } from '../../../packages/local-stack/src/index.ts';

const [stateDir = ''] = process.argv.slice(2);
const [port = 0] = await freePorts(1);
const logFile = `${stateDir}/postgres.log`;
const postgres = await startPostgres({ stateDir, port, ownerPassword: 'abc123', instanceId: 'one', logFile, log: console.log });
const client = new pg.Client({ connectionString: postgres.ownerUrl });
await client.connect();
const { rows } = await client.query<{ dataDir: string }>(`select current_setting('data_directory') as "dataDir"`);
await client.end();
await postgres.program.stop();
console.log(JSON.stringify({ uid: process.getuid?.(), dataDir: rows[0]?.dataDir }));
