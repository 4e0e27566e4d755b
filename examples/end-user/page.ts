// The page of an app's user: sign up, choose a published task, start it, follow it, cancel it.
import { isDurabaseError } from '@durabase/client';
import { createClient } from '@supabase/supabase-js';
import { find } from './element.ts';
import { createEndUser, type PublishedTask } from './end-user.ts';
import { showFields } from './input-fields.ts';
import { createRunCard } from './run-card.ts';

const SHOWN_RUNS = 20;
const query = new URLSearchParams(location.search);
const supabase = createClient(query.get('url') ?? 'http://127.0.0.1:54321', query.get('key') ?? 'add ?key= to the address');
const user = createEndUser(supabase);
// For the console: whatever one tries there, the database decides.
Object.assign(globalThis, { supabase, user });

const account = find<HTMLFormElement>('#sign-up');
const start = find<HTMLFormElement>('#start');
const choice = find<HTMLSelectElement>('select', start);
let tasks: readonly PublishedTask[] = [];
let readInput = showFields(find('#fields'), null);

const sentenceOf = (error: unknown): string => {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const hint = isDurabaseError(error) && error.hint !== undefined ? ` – ${error.hint}` : '';
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${hint}.`.replace(/[.]{2}$/, '.');
};

/** One submission at a time; what goes wrong is said beside the button. */
const onSubmit = (form: HTMLFormElement, work: (submitter: HTMLElement | null) => Promise<void>): void => {
  const alert = find('[role=alert]', form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const buttons = [...form.querySelectorAll('button')];
    const setBusy = (isBusy: boolean): void => buttons.forEach((button) => (button.disabled = isBusy));
    alert.textContent = '';
    setBusy(true);
    work(event.submitter)
      .catch((error: unknown) => (alert.textContent = sentenceOf(error)))
      .finally(() => setBusy(false));
  });
};

const showTask = (): void => {
  const task = tasks.find(({ id }) => id === choice.value);
  find('#description').textContent = task?.description ?? (task === undefined ? 'Nothing is published yet.' : '');
  readInput = showFields(find('#fields'), task?.input_schema ?? null);
};

const addRun = (run: Parameters<typeof createRunCard>[0]['run'], where: 'first' | 'last'): void => {
  const taskName = tasks.find(({ id }) => id === run.taskId)?.name ?? 'A task that is no longer published';
  const card = createRunCard({ user, run, taskName });
  find('#no-runs').hidden = true;
  find('#run-list')[where === 'first' ? 'prepend' : 'append'](card);
};

const enter = async (email: string): Promise<void> => {
  tasks = await user.listTasks();
  choice.replaceChildren(...tasks.map(({ id, name }) => new Option(name, id)));
  find<HTMLButtonElement>('button', start).disabled = tasks.length === 0;
  showTask();
  find('#who').textContent = email;
  account.hidden = true;
  for (const selector of ['#account', '#start', '#runs']) find(selector).hidden = false;
  for await (const run of user.durabase.listRuns({ limit: SHOWN_RUNS })) addRun(run, 'last');
};

onSubmit(account, async (submitter) => {
  const { email, password } = Object.fromEntries(new FormData(account)) as { readonly email: string; readonly password: string };
  if (submitter instanceof HTMLButtonElement && submitter.value === 'sign-in') await user.signIn(email, password);
  else if (!(await user.signUp(email, password))) throw new Error('Open the link in the mail that we sent you, then sign in');
  await enter(email);
});
onSubmit(start, async () => {
  const task = tasks.find(({ id }) => id === choice.value);
  if (task === undefined) throw new Error('There is no such task any more: reload the page');
  const { run } = await user.start(task, readInput());
  addRun(run, 'first');
});
choice.addEventListener('change', showTask);
find('#sign-out').addEventListener('click', () => void supabase.auth.signOut());
supabase.auth.onAuthStateChange((event) => {
  if (event === 'SIGNED_OUT') location.reload(); // also when somebody signed out in another tab
});

const { data } = await supabase.auth.getSession();
if (data.session === null) account.hidden = false;
else await enter(data.session.user.email ?? '');
