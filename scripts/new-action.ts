// Writes the three files of a new action with its names filled in, and says which two lines to add.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';

const [type = ''] = process.argv.slice(2);
if (!/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(type)) {
  console.error('usage: npm run new:action -- <type>, in kebab-case, such as send-fax');
  process.exit(1);
}
const camel = type.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const pascal = camel.charAt(0).toUpperCase() + camel.slice(1);

const contract = `import { z } from 'zod';
import { defineAction } from '../define-action.ts';

/** What ${type} does, in one sentence. */
export const ${camel}Action = defineAction({
  type: '${type}',
  summary: 'What it does.',
  input: z.strictObject({ text: z.string() }),
  output: z.strictObject({ text: z.string() }),
});
`;
const handler = `import type { ${camel}Action } from '@durabase/contracts';
import type { z } from 'zod';
import type { ActionHandler } from '../../ports/action.ts';

type Handler = ActionHandler<z.output<typeof ${camel}Action.input>, z.input<typeof ${camel}Action.output>>;

/** Handler of \`${type}\`. */
export const create${pascal} = (): Handler => async (input) => ({ text: input.text });
`;
const test = `import { describe, expect, it } from '@jest/globals';
import { ${camel}Action } from '@durabase/contracts';
import { create${pascal} } from '../../src/activities/actions/${type}.ts';
import { actionContext } from '../support/action-context.ts';

const run = create${pascal}();

describe('${type}', () => {
  it('succeeds', async () => {
    expect(await run({ text: 'hello' }, actionContext())).toEqual({ text: 'hello' });
  });

  it('refuses an input that does not fit', () => {
    expect(${camel}Action.input.safeParse({}).success).toBe(false);
  });

  // Beside these: a retryable failure, a terminal failure, and cancellation.
});
`;

const files = {
  [`packages/contracts/src/actions/${type}.ts`]: contract,
  [`src/activities/actions/${type}.ts`]: handler,
  [`test/activities/${type}.test.ts`]: test,
};
for (const file of Object.keys(files)) {
  if (existsSync(file)) {
    console.error(`${file} exists already`);
    process.exit(1);
  }
}
for (const [file, text] of Object.entries(files)) {
  await writeFile(file, text);
  console.log(file);
}
console.log(`
Now add:
  packages/contracts/src/actions/index.ts   its import, its export, and ${camel}Action in ACTIONS
  src/activities/actions/index.ts           its import, and '${type}': create${pascal}(),
then: npm run docs:gen && npm run verify`);
