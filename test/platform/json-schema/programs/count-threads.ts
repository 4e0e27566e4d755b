// Says how many threads have been started after each of: making the checker, a check, another one, a bomb, a check.
// It closes nothing: the process must end by itself.
import { createJsonSchema } from '../../../../src/platform/json-schema/index.ts';
import { BOMB, FUSE } from '../schemas.ts';

let startedCount = 0;
process.on('worker', () => (startedCount += 1));
const counts: number[] = [];
const checker = createJsonSchema({});
counts.push(startedCount);
for (const [schema, value] of [
  [{}, 1],
  [{}, 2],
  [BOMB, FUSE],
  [{}, 3],
] as const) {
  await checker.checkValue(schema, value);
  counts.push(startedCount);
}
process.stdout.write(JSON.stringify(counts));
