// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { stopSharedStack } from './shared-stack.ts';

export default stopSharedStack;
