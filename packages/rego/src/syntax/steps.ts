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

/** Visits every item, each in a step. */
export function* each<T>(items: Iterable<T>, visit: (item: T) => void): Steps<void> {
  for (const item of items) {
    visit(item);
    yield;
  }
}

/** As `Array.map`, each item in a step. */
export function* mapSteps<T, R>(items: readonly T[], map: (item: T, index: number) => R): Steps<R[]> {
  const results: R[] = [];
  for (let index = 0; index < items.length; index++) {
    results.push(map(items[index]!, index));
    yield;
  }
  return results;
}
