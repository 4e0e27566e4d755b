// Keeps a stack up until it is told to stop; prints "up" when it is.
import { startStack, type StackOptions } from '../../../packages/local-stack/src/index.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as StackOptions;
const stack = await startStack({ ...options, log: (text) => console.log(text) });
process.on('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
console.log('up');
