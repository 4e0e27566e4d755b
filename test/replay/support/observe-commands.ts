import { proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';

/** How an observed workflow tells what it asks Temporal for. */
export interface CommandSinks extends Sinks {
  readonly commands: {
    asked(kind: 'work' | 'timer', number: number, line: string): void;
  };
}

const { commands } = proxySinks<CommandSinks>();

/** Runs in the sandbox of workflows. Passes everything on at once, so that the order stays what it is. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        commands.asked('work', input.seq, input.activityType);
        return next(input);
      },
      scheduleLocalActivity: (input, next) => {
        commands.asked('work', input.seq, `local ${input.activityType}`);
        return next(input);
      },
      startTimer: (input, next) => {
        commands.asked('timer', input.seq, `timer ${input.options?.summary ?? ''}`.trim());
        return next(input);
      },
    },
  ],
});
