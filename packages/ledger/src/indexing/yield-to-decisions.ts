import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Lets the threads that decide and write go before the one that keeps an index: what is looked up may come a moment later.
 * Linux only, where each thread has a priority of its own (`/proc/thread-self` is `PID/task/TID`, proc(5)).
 */
export function yieldToDecisions(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    // The number of the process is that of its first thread.
    if (thread !== process.pid) setPriority(thread, constants.priority.PRIORITY_LOW);
  } catch {
    // Where it cannot be had, nothing depends on it.
  }
}
