// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { startSharedStack } from './shared-stack.ts';

/** Before the conformance tests: a stack, unless the environment names another Supabase. */
export default startSharedStack;
