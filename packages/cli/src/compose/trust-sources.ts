import { resolve } from 'node:path';
import type { BundleSource, TrustBundle, WorkloadApi } from '@writ/identity/spiffe';

/** Where identities of workloads are checked against: trust bundles in files, or a Workload API. */
export interface TrustConfig {
  readonly trust_domains?: Readonly<Record<string, string>> | undefined;
  readonly workload_api?: string | undefined;
}

/** Trust bundles, each source opened once however many name it. */
export interface TrustSources {
  /** Rejects where a file cannot be read, or the Workload API gives nothing in time. */
  bundles(config: TrustConfig): Promise<BundleSource>;
  workloadApi(socket: string): Promise<WorkloadApi>;
  /** Every bundle that was opened, as one: what a listener asks clients' certificates for. Undefined where there is none. */
  all(): BundleSource | undefined;
  close(): Promise<void>;
}

/** The libraries behind SPIFFE are loaded where somebody names it, and only then. */
const spiffe = () => import('@writ/identity/spiffe');

export function openTrustSources(folder: string, onFault: (message: string) => void): TrustSources {
  const apis = new Map<string, Promise<WorkloadApi>>();
  const opened: BundleSource[] = [];
  const workloadApi = (socket: string): Promise<WorkloadApi> => {
    const known = apis.get(socket);
    if (known !== undefined) return known;
    const api = spiffe().then(({ openWorkloadApi }) => openWorkloadApi({ socket, onFault }));
    apis.set(socket, api);
    return api;
  };
  return {
    workloadApi,
    async bundles({ trust_domains, workload_api }) {
      if (workload_api !== undefined) {
        const api = await workloadApi(workload_api);
        if (!opened.includes(api)) opened.push(api);
        return api;
      }
      const { fileBundles } = await spiffe();
      const source = fileBundles({
        files: Object.entries(trust_domains ?? {}).map(([trustDomain, file]) => ({
          trustDomain,
          file: resolve(folder, file),
        })),
        onFault,
      });
      opened.push(source);
      return source;
    },
    all: () => (opened.length === 0 ? undefined : united(opened)),
    async close() {
      for (const source of opened) await source.close();
      for (const api of apis.values()) await api.then((each) => each.close()).catch(() => undefined);
    },
  };
}

/** For the handshake only: which provider trusts which domain is for the providers to say. */
function united(sources: readonly BundleSource[]): BundleSource {
  return {
    current: () => {
      const all = new Map<string, TrustBundle>();
      for (const [index, source] of sources.entries())
        for (const [trustDomain, bundle] of source.current()) all.set(`${index} ${trustDomain}`, bundle);
      return all;
    },
    onChange: (listener) => {
      for (const source of sources) source.onChange(listener);
    },
    close: () => undefined,
  };
}
