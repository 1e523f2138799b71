import type { Caller } from '@writ/identity';
import type { CallContext } from './call-context.ts';
import type { Era } from './methods.ts';
import { mayHearOfTask } from './serve-task.ts';
import type { Task } from './task.ts';

/**
 * Has something told each time that a task changes, one after another, if policies let its owner hear of it then. What is
 * told is the task as it is at that moment. Gives the way to stop.
 */
export function followTask(
  context: Pick<CallContext, 'point'>,
  caller: Caller,
  era: Era,
  task: Task,
  tell: () => Promise<void> | void,
): () => void {
  let waiting = false;
  let stopped = false;
  let last = Promise.resolve();
  const stop = task.onChange(() => {
    // One telling that waits says everything that happened until then.
    if (waiting) return;
    waiting = true;
    last = last
      .then(async () => {
        waiting = false;
        if (!stopped && (await mayHearOfTask(context, caller, era, task)) && !stopped) await tell();
      })
      .catch(() => undefined);
  });
  return () => {
    stopped = true;
    stop();
  };
}
