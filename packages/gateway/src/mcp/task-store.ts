import type { GatewayLimits } from './limits.ts';
import type { Task } from './task.ts';

/** Calls that go on behind their requests, each bound to who asked for it. */
export interface TaskStore {
  /** Keeps it for its time to live; false where its owner, or all together, have too many. */
  keep(task: Task): boolean;
  /** The owner's task with this id; anybody else's does not exist. */
  find(owner: string, id: string): Task | undefined;
  of(owner: string): readonly Task[];
  readonly count: number;
  close(): void;
}

export function createTaskStore(limits: Pick<GatewayLimits, 'tasks' | 'tasksPerCaller'>): TaskStore {
  const kept = new Map<string, { readonly task: Task; readonly timer: NodeJS.Timeout }>();
  const drop = (id: string) => {
    const found = kept.get(id);
    if (found === undefined) return;
    clearTimeout(found.timer);
    kept.delete(id);
    found.task.cancel();
  };
  const of = (owner: string) =>
    [...kept.values()].map(({ task }) => task).filter((task) => task.owner === owner);
  return {
    keep(task) {
      if (kept.size >= limits.tasks || of(task.owner).length >= limits.tasksPerCaller) return false;
      const timer = setTimeout(() => drop(task.id), task.ttlMs);
      timer.unref();
      kept.set(task.id, { task, timer });
      return true;
    },
    find(owner, id) {
      const task = kept.get(id)?.task;
      return task?.owner === owner ? task : undefined;
    },
    of,
    get count() {
      return kept.size;
    },
    close() {
      for (const id of [...kept.keys()]) drop(id);
    },
  };
}
