import type { Observer } from '../runtime/observer.ts';

/** One observer that tells several: a trace, a profile and coverage of one evaluation. */
export function observeWith(observers: readonly Observer[]): Observer {
  const each = (tell: (observer: Observer) => void): void => {
    for (const observer of observers) tell(observer);
  };
  return {
    enter: (source, variables) => each((one) => one.enter(source, variables)),
    fail: (source, variables) => each((one) => one.fail(source, variables)),
    exit: (source) => each((one) => one.exit(source)),
    redo: (source, variables) => each((one) => one.redo?.(source, variables)),
    bodyOpened: (body) => each((one) => one.bodyOpened?.(body)),
    bodyAnswered: (body) => each((one) => one.bodyAnswered?.(body)),
    bodyClosed: (body) => each((one) => one.bodyClosed?.(body)),
    rulesChosen: (path, count, endsEarly) => each((one) => one.rulesChosen?.(path, count, endsEarly)),
    note: (message) => each((one) => one.note?.(message)),
  };
}
