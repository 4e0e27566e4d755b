// Stands in for API and worker: serves on its port until its parent is gone.
import { createServer } from 'node:http';

const port = Number(process.env['DURABASE_PORT'] ?? process.env['DURABASE_HEALTH_PORT']);
createServer((_request, response) => response.end(String(process.pid))).listen(port, '127.0.0.1');
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
console.log(`listening on ${port}`);
