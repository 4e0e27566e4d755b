import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Temporal's own program, used as an operator would. */
export interface TemporalCli {
  terminate(workflowId: string): Promise<void>;
  /** Back to the beginning: every step is taken again. */
  reset(workflowId: string): Promise<void>;
  /** `Completed`, `Terminated`, … of the newest execution. */
  readStatus(workflowId: string): Promise<string>;
}

export interface TemporalCliOptions {
  readonly binaryPath: string;
  readonly address: string;
  readonly namespace: string;
}

const TIMEOUT_MS = 20_000;
const STATUS_PREFIX = 'WORKFLOW_EXECUTION_STATUS_';

export function createTemporalCli({ binaryPath, address, namespace }: TemporalCliOptions): TemporalCli {
  const where = ['--address', address, '--namespace', namespace, '--disable-config-file', '--disable-config-env'];
  const run = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(binaryPath, [...args, ...where], { encoding: 'utf8', timeout: TIMEOUT_MS });
    return stdout;
  };
  return {
    terminate: async (workflowId) => {
      await run('workflow', 'terminate', '--workflow-id', workflowId, '--reason', 'the demo ends it');
    },
    reset: async (workflowId) => {
      await run(
        'workflow',
        'reset',
        '--workflow-id',
        workflowId,
        '--type',
        'FirstWorkflowTask',
        '--reason',
        'the demo repeats it',
      );
    },
    readStatus: async (workflowId) => {
      const description = JSON.parse(await run('workflow', 'describe', '--workflow-id', workflowId, '--output', 'json')) as {
        readonly workflowExecutionInfo: { readonly status: string };
      };
      const word = description.workflowExecutionInfo.status.replace(STATUS_PREFIX, '').toLowerCase();
      return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
    },
  };
}
