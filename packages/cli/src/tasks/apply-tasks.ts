import type { Problem } from '@durabase/contracts/errors';
import type { TaskVersion, TaskWithVersion } from '@durabase/contracts/api/task';
import type { Api } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { type LoadedTask, loadDefinitions } from '../load-definitions.ts';
import { showProblems } from '../show/show-problems.ts';
import { agrees } from './agrees.ts';
import { awaitVerdict } from './await-verdict.ts';
import type { Command, CommandContext } from './command.ts';
import { type Comparison, compareTask, showComparison } from './compare-task.ts';

/** What became of one task. */
interface Outcome {
  readonly slug: string;
  readonly change: Comparison['change'];
  readonly from: number | null;
  readonly changes: Comparison['changes'];
  /** Number and state of the version that is the newest now; null where nothing was saved. */
  readonly version: number | null;
  readonly state: TaskVersion['state'] | null;
  readonly problems: readonly Problem[];
}

const outcomeOf = ({ slug, change, newest, changes }: Comparison, version: TaskVersion | undefined): Outcome => ({
  slug,
  change,
  from: newest?.number ?? null,
  changes,
  version: version?.number ?? null,
  state: version?.state ?? null,
  problems: version?.state === 'invalid' ? ((version.problems ?? []) as unknown as readonly Problem[]) : [],
});

interface Invalid {
  readonly slug: string;
  readonly file: string;
  readonly problems: readonly Problem[];
}

/** Nothing is saved while one of them does not compile. */
const findInvalid = async (
  tasks: readonly LoadedTask[],
  api: Api,
  workspace: string | undefined,
): Promise<readonly Invalid[]> => {
  const invalid: Invalid[] = [];
  for (const { slug, file, definition } of tasks) {
    const { problems } = await api.post<{ readonly problems: readonly Problem[] }>('/tasks/validate', { workspace }, definition);
    if (problems.length > 0) invalid.push({ slug, file, problems });
  }
  return invalid;
};

/** Saves what was shown: refused when somebody else has saved since. */
const save = async ({ definition, workspace, newest }: Comparison, api: Api): Promise<TaskVersion> => {
  const conditions = newest === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${newest.id}"` };
  const { version } = await api.post<TaskWithVersion>('/tasks', { workspace }, definition, conditions);
  if (version === null) throw new CliError('the API has saved no version');
  return awaitVerdict(version, api);
};

const showOutcome = ({ slug, change, version, state, problems }: Outcome, { terminal }: CommandContext): void => {
  if (state === 'invalid') {
    terminal.note(terminal.paint('bad', `  ✗ ${slug}: version ${version ?? 0} is invalid`));
    showProblems(problems, terminal);
  } else if (change !== 'none') terminal.say(terminal.paint('good', `  ✓ ${slug}: version ${version ?? 0} is ready`));
};

const applyAll = async (compared: readonly Comparison[], context: CommandContext): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const comparison of compared) {
    const { newest } = comparison;
    const version =
      comparison.change === 'none' ? newest && (await awaitVerdict(newest, context.api)) : await save(comparison, context.api);
    const outcome = outcomeOf(comparison, version);
    outcomes.push(outcome);
    showOutcome(outcome, context);
  }
  return outcomes;
};

const count = (compared: readonly Comparison[]): string => {
  const [fresh, changed] = (['new', 'changed'] as const).map((kind) => compared.filter(({ change }) => change === kind).length);
  return `${fresh} new, ${changed} changed`;
};

export const applyTasks: Command = async (context) => {
  const { api, terminal, args, folder, report } = context;
  const tasks = await loadDefinitions(args.names, folder);
  const invalid = await findInvalid(tasks, api, args.workspace);
  if (invalid.length > 0) {
    report({ tasks: invalid });
    for (const { slug, file, problems } of invalid) {
      terminal.note(terminal.paint('bad', `  ✗ ${slug} (${file}) does not compile`));
      showProblems(problems, terminal);
    }
    terminal.note('nothing was saved');
    return EXIT.failed;
  }
  const compared: Comparison[] = [];
  for (const task of tasks) compared.push(await compareTask(task, api, args.workspace));
  for (const comparison of compared) showComparison(comparison, terminal);
  const hasChanges = compared.some(({ change }) => change !== 'none');
  if (args.isDryRun) {
    report({ tasks: compared.map((comparison) => outcomeOf(comparison, undefined)) });
    terminal.note(hasChanges ? `${count(compared)}; nothing was saved` : 'no change');
    return EXIT.fine;
  }
  if (hasChanges && !(await agrees(`Apply (${count(compared)})?`, context))) {
    terminal.note('nothing was saved');
    return EXIT.failed;
  }
  const outcomes = await applyAll(compared, context);
  report({ tasks: outcomes });
  if (!hasChanges) terminal.note('no change');
  return outcomes.some(({ state }) => state === 'invalid') ? EXIT.failed : EXIT.fine;
};
