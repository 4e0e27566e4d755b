// Records the history of a run of each shape under test/replay/histories:
//   npm run replay:record -- [shape …] [--patch <id>] [--replace] [--bundle <file>]
// --bundle takes workflows that were bundled from another commit (npm run build), such as those of the last release.
import { parseArgs } from 'node:util';
import { DRIVES } from '../test/replay/recording/drives.ts';
import { type RecordingEngine, startEngine } from '../test/replay/recording/start-engine.ts';
import { stripHistory } from '../test/replay/recording/strip-history.ts';
import { isShapeName, SHAPES, type ShapeName } from '../test/replay/shapes.ts';
import { describeHistory, joinLines } from '../test/replay/support/describe-event.ts';
import { findMissing } from '../test/replay/support/find-missing.ts';
import { isStored, storeHistory } from '../test/replay/support/stored-histories.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { replace: { type: 'boolean', default: false }, patch: { type: 'string' }, bundle: { type: 'string' } },
});
const unknown = positionals.filter((name) => !isShapeName(name));
if (unknown.length > 0) stop(`there is no shape ${unknown.join(', ')}; test/replay/shapes.ts lists them`);

const nameOf = (shape: ShapeName): string => (values.patch === undefined ? shape : `${shape}@${values.patch}`);
const wanted = positionals.length > 0 ? positionals.filter(isShapeName) : Object.keys(SHAPES).filter(isShapeName);
const shapes = values.replace ? wanted : wanted.filter((shape) => !isStored(nameOf(shape)));
if (shapes.length === 0) {
  stop(
    'all of them are recorded. A released history is the proof that running executions survive a change: it stays. ' +
      'Give --patch <id> to record beside it what the code does behind a patch, or --replace if no release has had this code.',
  );
}

function stop(message: string): never {
  console.error(message);
  process.exit(1);
}

async function record(shape: ShapeName, engine: RecordingEngine): Promise<void> {
  const history = await engine.readHistory(await DRIVES[shape](engine));
  const lines = describeHistory(history);
  const missing = findMissing(SHAPES[shape], lines);
  if (missing !== undefined) throw new Error(`${shape} came without "${missing}": ${joinLines(lines)}`);
  const size = storeHistory(nameOf(shape), stripHistory(history));
  console.log(`${nameOf(shape)}: ${history.events.length} events, ${size} bytes`);
}

const engine = await startEngine(values.bundle);
let failures = 0;
try {
  for (const shape of shapes) {
    await record(shape, engine).catch((error: unknown) => {
      failures += 1;
      console.error(`${shape}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
} finally {
  await engine.close();
}
process.exit(failures === 0 ? 0 : 1);
