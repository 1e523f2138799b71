import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { BundleSource } from '../spiffe/trust-bundle.ts';
import type { KeyPair } from '../spiffe/workload-api.ts';

/** Certificate and key of a listener, which may change while it listens. */
export interface KeyPairSource {
  current(): KeyPair;
  onChange(listener: () => void): void;
  close(): void;
}

export interface FileKeyPairOptions {
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Time between two looks at the files, ms. Default 5,000. */
  readonly pollMs?: number;
  /** Files that do not fit together, or cannot be read; the pair before stays in force. */
  readonly onFault?: (message: string) => void;
}

const POLL_MS = 5_000;

/** A key pair in two files, read again as they change. Throws where they are not a pair at the start. */
export function fileKeyPair({
  certificate,
  key,
  pollMs = POLL_MS,
  onFault,
}: FileKeyPairOptions): KeyPairSource {
  const read = (): KeyPair => {
    const pair = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    // Refuses a key that is not the certificate's: a rotation writes two files, one after the other.
    createSecureContext(pair);
    return pair;
  };
  let current = read();
  const listeners: (() => void)[] = [];
  const timer = setInterval(() => {
    try {
      const next = read();
      if (next.cert === current.cert && next.key === current.key) return;
      current = next;
      for (const listener of listeners) listener();
    } catch (error) {
      onFault?.(`certificate ${certificate}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }, pollMs);
  timer.unref();
  return {
    current: () => current,
    onChange: (listener) => void listeners.push(listener),
    close: () => clearInterval(timer),
  };
}

/** What a TLS listener is given: its key pair, and every authority that a client's certificate may lead to. */
export function secureContextOf(
  keyPair: KeyPair,
  bundles: Pick<BundleSource, 'current'> | undefined,
): SecureContextOptions {
  const authorities = [...(bundles?.current().values() ?? [])].flatMap((bundle) => bundle.authorities);
  return {
    ...keyPair,
    minVersion: 'TLSv1.2',
    // An empty list, and not the system's: nobody of the public web may vouch for workloads.
    ca: authorities.map((authority) => authority.toString()),
  };
}
