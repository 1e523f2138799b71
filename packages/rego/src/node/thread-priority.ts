import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets the threads that decide go before this one where processors are short. Linux only, where each thread has a
 * priority of its own: elsewhere the number would be that of the whole process, and nothing is changed.
 */
export function yieldToDecisions(): void {
  if (process.platform !== 'linux') return;
  try {
    // `PID/task/TID` (proc(5)).
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    if (thread !== process.pid) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Without /proc, or where it is not allowed: it is a courtesy.
  }
}
