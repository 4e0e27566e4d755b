// Bundles the workflows ahead, so that a worker starts without webpack: DURABASE_WORKFLOW_BUNDLE names the file.
import { mkdir, writeFile } from 'node:fs/promises';
import { bundleWorkflows } from '../src/platform/temporal/bundle-workflows.ts';

await mkdir('dist', { recursive: true });
for (const isEncoded of [false, true]) {
  const file = `dist/workflows${isEncoded ? '-encoded' : ''}.js`;
  const { code } = await bundleWorkflows({ isEncoded });
  await writeFile(file, code);
  console.log(`${file}: ${Math.round(code.length / 1_000)} KB`);
}
