import { readFileSync } from 'node:fs';
import { type BundleSource, parseTrustBundle, type TrustBundle } from './trust-bundle.ts';

export interface FileBundlesOptions {
  readonly files: readonly { readonly trustDomain: string; readonly file: string }[];
  /** Time between two looks at the files, ms. Default 5,000. */
  readonly pollMs?: number;
  /** A file that cannot be read, or holds no bundle; what it held before stays in force. */
  readonly onFault?: (message: string) => void;
}

const POLL_MS = 5_000;

/** Trust bundles from files, read again as they change. Throws where one cannot be read at the start. */
export function fileBundles({ files, pollMs = POLL_MS, onFault }: FileBundlesOptions): BundleSource {
  const texts = new Map<string, string>();
  let bundles = new Map<string, TrustBundle>();
  const listeners: (() => void)[] = [];
  for (const { trustDomain, file } of files) {
    const text = readFileSync(file, 'utf8');
    bundles.set(trustDomain, parseTrustBundle(trustDomain, text));
    texts.set(trustDomain, text);
  }
  // Contents, not times: mounted secrets are links that are switched, and a look costs microseconds.
  const look = (): void => {
    for (const { trustDomain, file } of files) {
      try {
        const text = readFileSync(file, 'utf8');
        if (texts.get(trustDomain) === text) continue;
        const read = parseTrustBundle(trustDomain, text);
        texts.set(trustDomain, text);
        bundles = new Map([...bundles, [trustDomain, read]]);
        for (const listener of listeners) listener();
      } catch (error) {
        onFault?.(
          `trust bundle of ${trustDomain}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  return {
    current: () => bundles,
    onChange: (listener) => void listeners.push(listener),
    close: () => clearInterval(timer),
  };
}
