#!/usr/bin/env node
import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), {
  terminal: createTerminal({ stdin, stdout, stderr }),
  env,
  folder: process.cwd(),
});
