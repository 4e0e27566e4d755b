import type { RunState } from '@durabase/client';
import { RUN_STATES } from '@durabase/contracts/run-states';

type Raw = Readonly<Record<string, unknown>>;

const textOf = (raw: Raw, name: string): string | undefined => {
  const value = raw[name];
  if (typeof value === 'number') return String(value); // the router reads digits as a number
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const oneOf = <Word extends string>(raw: Raw, name: string, words: readonly Word[]): Word | undefined =>
  words.find((word) => word === raw[name]);

/** Leaves out what is not said, so that addresses stay short. */
const compact = <Search extends Raw>(search: Search): { [Key in keyof Search]?: Search[Key] } =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Search]?: Search[Key];
  };

export const readRootSearch = (raw: Raw) => compact({ workspace: textOf(raw, 'workspace') });

export const SINCE = ['15m', '1h', '1d', '7d'] as const;

const statesOf = (raw: Raw): readonly RunState[] | undefined => {
  const words = (textOf(raw, 'states') ?? '').split(',');
  const states = RUN_STATES.filter((state) => words.includes(state));
  return states.length === 0 ? undefined : states;
};

export const readRunsSearch = (raw: Raw) =>
  compact({
    states: statesOf(raw)?.join(','),
    task: textOf(raw, 'task'),
    q: textOf(raw, 'q'),
    since: oneOf(raw, 'since', SINCE),
  });

export const RUN_TABS = ['steps', 'feed', 'data', 'story'] as const;
export const readRunSearch = (raw: Raw) => compact({ tab: oneOf(raw, 'tab', RUN_TABS), step: textOf(raw, 'step') });

export const TASK_STATES = ['ready', 'invalid', 'draft'] as const;
export const readTasksSearch = (raw: Raw) => compact({ q: textOf(raw, 'q'), state: oneOf(raw, 'state', TASK_STATES) });

export const TASK_TABS = ['definition', 'versions', 'runs'] as const;
export const readTaskSearch = (raw: Raw) => compact({ tab: oneOf(raw, 'tab', TASK_TABS) });

export const readSignInSearch = (raw: Raw) => compact({ next: textOf(raw, 'next') });
