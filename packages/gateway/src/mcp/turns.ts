/** Bounds how many requests, or streams, of one caller are served at the same time. */
export interface Turns {
  /** Takes a place, and gives the way to give it back; undefined where the caller has all that it may. */
  take(caller: string): (() => void) | undefined;
}

export function createTurns(perCaller: number): Turns {
  const taken = new Map<string, number>();
  return {
    take(caller) {
      const before = taken.get(caller) ?? 0;
      if (before >= perCaller) return undefined;
      taken.set(caller, before + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (taken.get(caller) ?? 1) - 1;
        if (left === 0) taken.delete(caller);
        else taken.set(caller, left);
      };
    },
  };
}
