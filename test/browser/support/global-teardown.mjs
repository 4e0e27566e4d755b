// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { closeStage } from './open-stage.ts';

export default closeStage;
