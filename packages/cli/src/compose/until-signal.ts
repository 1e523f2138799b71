/** Waits for the signal that ends a service. */
export interface Ending {
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
  readonly signal: Promise<NodeJS.Signals>;
  /** Stops waiting, so that the process can end by itself. */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts to wait. Meanwhile the process stays alive, even between two requests. */
export function waitForEnding(): Ending {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const alive = setInterval(() => undefined, 60_000);
  let first = true;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!first) process.exit(130);
    first = false;
    clearInterval(alive);
    resolve(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: promise,
    dispose: () => {
      clearInterval(alive);
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
