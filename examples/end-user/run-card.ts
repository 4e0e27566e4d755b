import { isRunFailedError, isTerminal, type ConnectionState, type Json, type Run } from '@durabase/client';
import { element } from './element.ts';
import type { EndUser, StepProgress } from './end-user.ts';

/** What the card of a run needs to know of it. */
export interface CardOptions {
  readonly user: EndUser;
  readonly run: Run;
  readonly taskName: string;
}

const WORDS: Readonly<Partial<Record<Run['state'], string>>> = { timed_out: 'timed out', awaiting_input: 'awaiting input' };
const wordOf = (state: string): string => WORDS[state as Run['state']] ?? state;

/** A run that is followed to its end: state and steps as they go on, then the result. */
export const createRunCard = ({ user, run, taskName }: CardOptions): HTMLLIElement => {
  const handle = user.durabase.run(run.id);
  const state = element('span', { role: 'status' });
  const connection = element('span', { className: 'faint' });
  const cancel = element('button', {
    type: 'button',
    className: 'quiet',
    textContent: 'Cancel',
    ariaLabel: `Cancel ${taskName}`,
  });
  const steps = element('ol', { className: 'steps' });
  const end = element('div');
  const began = new Date(run.createdAt);
  const time = element(
    'time',
    { dateTime: run.createdAt },
    began.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }),
  );
  const title = element('div', { className: 'title' }, element('h3', {}, taskName), state, time, connection);
  const head = element('div', { className: 'head' }, title, cancel);

  const paint = (now: Run): void => {
    state.dataset['state'] = now.state;
    state.textContent = now.cancelRequestedAt !== null && !isTerminal(now.state) ? 'cancelling' : wordOf(now.state);
    cancel.hidden = isTerminal(now.state) || now.cancelRequestedAt !== null;
  };
  const refresh = inTurn(async () => {
    const [now, progress] = await Promise.all([handle.get(), user.readProgress(run.id)]);
    paint(now);
    steps.replaceChildren(...progress.filter(({ iteration }) => iteration >= 0).map(toLine));
  });
  const complain = (error: unknown): void => end.replaceChildren(element('p', { className: 'error' }, messageOf(error)));

  cancel.addEventListener('click', () => {
    cancel.disabled = true;
    handle
      .cancel()
      .then(paint, complain)
      .finally(() => (cancel.disabled = false));
  });
  const follow = async (): Promise<void> => {
    const onConnection = ({ state: now }: { readonly state: ConnectionState }): void => {
      connection.textContent = now === 'live' ? '' : `${now} …`; // the screen is not silently stale
    };
    const output = await (isTerminal(run.state) ? handle.result() : user.follow(handle, { onEvent: refresh, onConnection }));
    end.replaceChildren(element('pre', { ariaLabel: 'Result' }, toText(output)));
  };
  paint(run);
  void follow()
    .catch(complain)
    .then(refresh)
    .catch(complain)
    .finally(() => (connection.textContent = ''));
  const card = element('li', {}, head, steps, end);
  card.dataset['run'] = run.id;
  return card;
};

/** Many wishes become one after the other, and those that wait become one. */
const inTurn = (work: () => Promise<void>): (() => Promise<void>) => {
  let last = Promise.resolve();
  let isWaiting = false;
  return () => {
    if (isWaiting) return last;
    isWaiting = true;
    last = last.then(() => {
      isWaiting = false;
      return work();
    });
    return last;
  };
};

const toLine = ({ name, state, iteration }: StepProgress): HTMLLIElement => {
  const word = element('span', {}, wordOf(state));
  word.dataset['state'] = state;
  return element('li', {}, element('span', {}, iteration > 0 ? `${name} ${iteration + 1}` : name), word);
};

const toText = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output, undefined, 2));

/** What the row of a run that ended badly says, or what went wrong with the call. */
const messageOf = (error: unknown): string => {
  if (isRunFailedError(error)) {
    const { message } = (error.run.error ?? {}) as { readonly message?: unknown };
    return typeof message === 'string' ? message : '';
  }
  return error instanceof Error ? error.message : String(error);
};
