// Points git at our hooks; does nothing where there is no git (an image, a tarball).
import { execFileSync } from 'node:child_process';

try {
  execFileSync('git', ['config', 'core.hooksPath', '.githooks'], { stdio: 'ignore' });
} catch {
  // no repository, no hooks
}
