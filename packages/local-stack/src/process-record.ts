import { rmSync } from 'node:fs';
import { readJsonIfPresent, writePrivateFile } from './private-file.ts';
import { isAlive, isProcessIdentity, stopProcess, type ProcessIdentity, type StopStep } from './process-identity.ts';
import { StackError } from './stack-error.ts';

/** The list of running programs on disk, by which the next start finds what a crash has left behind. */
export interface ProcessRecord {
  set(name: string, identity: ProcessIdentity): void;
  clear(name: string): void;
  list(): Readonly<Record<string, ProcessIdentity>>;
}

const LEFTOVER_STEPS: readonly StopStep[] = [
  { signal: 'SIGTERM', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
];

export const openProcessRecord = (path: string, onChange: () => void = () => {}): ProcessRecord => {
  const processes = readProcesses(path);
  const save = (): void => {
    if (processes.size === 0) rmSync(path, { force: true });
    else writePrivateFile(path, `${JSON.stringify(Object.fromEntries(processes), null, 2)}\n`);
    onChange();
  };
  return {
    set: (name, identity) => {
      processes.set(name, identity);
      save();
    },
    clear: (name) => {
      if (processes.delete(name)) save();
    },
    list: () => Object.fromEntries(processes),
  };
};

/** Ends the programs that an earlier stack of the same folder has left running. */
export const stopLeftovers = async (record: ProcessRecord, log: (text: string) => void): Promise<void> => {
  const stopOne = async ([name, identity]: [string, ProcessIdentity]): Promise<void> => {
    if (isAlive(identity)) {
      log(`stopping ${name} (pid ${identity.pid}), left behind by an earlier start`);
      if (!(await stopProcess(identity, LEFTOVER_STEPS)))
        throw new StackError(`${name} (pid ${identity.pid}), left behind by an earlier start, does not end. End it by hand.`);
    }
    record.clear(name);
  };
  await Promise.all(Object.entries(record.list()).map(stopOne));
};

const readProcesses = (path: string): Map<string, ProcessIdentity> => {
  const entries = Object.entries(readJsonIfPresent(path) ?? {});
  return new Map(entries.filter((entry): entry is [string, ProcessIdentity] => isProcessIdentity(entry[1])));
};
