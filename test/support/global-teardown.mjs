// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { closeSharedServers } from './shared-servers.ts';

export default closeSharedServers;
