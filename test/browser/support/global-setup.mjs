// .mjs: Jest would turn a .ts file, and all it imports, into CommonJS; Node loads these as they are.
import { closeStage, openStage } from './open-stage.ts';

/** Before the tests in a browser. */
export default async function setUp() {
  try {
    await openStage();
  } catch (error) {
    await closeStage(); // Jest runs no teardown after a failed setup
    throw error;
  }
}
