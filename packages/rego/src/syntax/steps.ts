/**
 * Work that can be interrupted: it yields where others may have their turn, often enough that none of the stretches
 * between is long.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Does it in slices of at most about `sliceMs`; between two of them `pause` lets others have their turn. */
export async function finishInSlices<T>(
  steps: Steps<T>,
  sliceMs: number,
  pause: () => Promise<void>,
): Promise<T> {
  let end = performance.now() + sliceMs;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() < end) continue;
    await pause();
    end = performance.now() + sliceMs;
  }
}

/**
 * Of what takes some microseconds each, so many are done in a step: a step that goes through several generators costs
 * as much as a small part of the work.
 */
export const STEP_ITEMS = 8;

/** Visits every item, a few in a step. */
export function* each<T>(items: Iterable<T>, visit: (item: T) => void): Steps<void> {
  let count = 0;
  for (const item of items) {
    visit(item);
    if (count % STEP_ITEMS === 0) yield;
    count++;
  }
}

/** As `Array.map`, a few items in a step. */
export function* mapSteps<T, R>(items: readonly T[], map: (item: T, index: number) => R): Steps<R[]> {
  const results: R[] = [];
  for (let index = 0; index < items.length; index++) {
    results.push(map(items[index]!, index));
    if (index % STEP_ITEMS === 0) yield;
  }
  return results;
}
