import { StackError, describeError } from './stack-error.ts';

/** What has to be undone, in the opposite order of its doing. */
export interface Closers {
  add(close: () => void | Promise<void>): void;
  /** Goes through all of them even if some fail, then says which failed. A second call does nothing. */
  closeAll(): Promise<void>;
}

export const createClosers = (): Closers => {
  const open: (() => void | Promise<void>)[] = [];
  return {
    add: (close) => {
      open.push(close);
    },
    closeAll: async () => {
      const problems: unknown[] = [];
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close();
        } catch (error) {
          problems.push(error);
        }
      }
      if (problems.length > 0) throw new StackError(`Stopping failed: ${problems.map(describeError).join('; ')}`, problems[0]);
    },
  };
};
