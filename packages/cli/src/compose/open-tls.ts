import { resolve } from 'node:path';
import { fileKeyPair, type KeyPairSource, type ListenerOptions } from '@writ/identity';
import type { ListenTlsConfig } from '../config/identity-config.ts';
import type { TrustSources } from './trust-sources.ts';

interface TlsContext {
  readonly sources: TrustSources;
  readonly folder: string;
  readonly onFault: (message: string) => void;
  readonly undo: (() => Promise<void> | void)[];
}

/** What the ports end TLS with; undefined where they speak plain HTTP. */
export async function openTls(
  tls: ListenTlsConfig | undefined,
  { sources, folder, onFault, undo }: TlsContext,
): Promise<ListenerOptions['tls']> {
  if (tls === undefined || tls.elsewhere === true) return undefined;
  const keyPair = await keyPairOf(tls, sources, folder, onFault);
  undo.push(() => keyPair.close());
  const bundles = sources.all();
  return { keyPair, ...(bundles === undefined ? {} : { bundles }) };
}

async function keyPairOf(
  { cert_file = '', key_file = '', workload_api }: ListenTlsConfig,
  sources: TrustSources,
  folder: string,
  onFault: (message: string) => void,
): Promise<KeyPairSource> {
  if (workload_api === undefined)
    return fileKeyPair({ certificate: resolve(folder, cert_file), key: resolve(folder, key_file), onFault });
  const api = await sources.workloadApi(workload_api);
  return {
    current: () => api.keyPair(),
    onChange: (listener) => api.onChange(listener),
    close: () => undefined,
  };
}
