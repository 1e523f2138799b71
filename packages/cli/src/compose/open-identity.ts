import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JsonObject } from '@writ/decision';
import {
  type Authenticator,
  type Caller,
  createAuthenticator,
  type IdentityProvider,
  type ListenerOptions,
  resourceMetadata,
  resourceMetadataPaths,
  resourceMetadataUrl,
  type StaticKey,
  staticKeys,
} from '@writ/identity';
import type { IdentityConfig, ListenTlsConfig } from '../config/identity-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { openProvider } from './open-provider.ts';
import { openTls } from './open-tls.ts';
import { openTrustSources } from './trust-sources.ts';

/** Who callers can be and how ports are encrypted, as configured. */
export interface IdentityOptions {
  readonly providers: readonly IdentityConfig[];
  readonly tls?: ListenTlsConfig;
  /** Callers by key beside the providers; `callers` of the configuration. */
  readonly keys: readonly StaticKey[];
  readonly anonymous?: Caller;
  /** Where relative paths start. */
  readonly folder: string;
}

/** The same, opened. */
export interface OpenIdentity {
  readonly authenticator: Authenticator;
  /** Absent: the ports speak plain HTTP. */
  readonly tls?: NonNullable<ListenerOptions['tls']>;
  /** Metadata of the gateway as a protected resource (RFC 9728), by path. */
  readonly documents: ReadonlyMap<string, JsonObject>;
  /** Where that metadata stands, as clients know it. */
  readonly metadataUrl?: string;
  /** Host names by which clients address the gateway. */
  readonly hosts: readonly string[];
  close(): Promise<void>;
}

/** Opens what `identity` and `listen.tls` name. What cannot be read is an error of the configuration. */
export async function openIdentity(
  options: IdentityOptions,
  onFault: (message: string) => void,
): Promise<OpenIdentity> {
  const { folder, tls, anonymous } = options;
  const undo: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  const sources = openTrustSources(folder, onFault);
  undo.push(() => sources.close());
  try {
    const providers: IdentityProvider[] = [];
    for (const config of options.providers) {
      const provider = await placed(`identity provider \`${config.name}\``, () =>
        openProvider(config, {
          sources,
          readFile: (file) => readFileSync(resolve(folder, file), 'utf8'),
          undo,
        }),
      );
      providers.push(provider);
    }
    // Last, and always there: whoever shows a key that is not listed is told so.
    if (!options.providers.some(({ keys }) => keys !== undefined)) providers.push(staticKeys(options.keys));
    const authenticator = createAuthenticator({
      providers,
      ...(anonymous === undefined ? {} : { anonymous }),
    });
    undo.push(() => authenticator.close());
    const opened = await placed('listen.tls', () => openTls(tls, { sources, folder, onFault, undo }));
    return { authenticator, ...(opened === undefined ? {} : { tls: opened }), ...metadataOf(options), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Says which part of the configuration a fault belongs to. */
async function placed<T>(place: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(EXIT.config, `${place}: ${why}`);
  }
}

/** One document for each resource, with all issuers that give out tokens for it; the first stands at the root too. */
function metadataOf({
  providers,
}: IdentityOptions): Pick<OpenIdentity, 'documents' | 'metadataUrl' | 'hosts'> {
  // A token in a header of its own is not a client's to ask for.
  const issuers = providers.flatMap(({ oauth }) =>
    oauth === undefined || oauth.header !== undefined ? [] : [oauth],
  );
  const resources = [...new Set(issuers.map(({ resource }) => resource))];
  const documents = new Map<string, JsonObject>();
  for (const resource of resources) {
    const own = issuers.filter((each) => each.resource === resource);
    const document = resourceMetadata({
      resource,
      issuers: own.map(({ issuer }) => issuer),
      scopes: [...new Set(own.flatMap(({ required_scopes = [] }) => required_scopes))],
      dpopRequired: own.every(({ dpop }) => dpop === 'required'),
    });
    for (const path of resourceMetadataPaths(resource))
      if (!documents.has(path)) documents.set(path, document);
  }
  const [first] = resources;
  return {
    documents,
    ...(first === undefined ? {} : { metadataUrl: resourceMetadataUrl(first) }),
    hosts: [...new Set(resources.map((resource) => new URL(resource).hostname))],
  };
}
