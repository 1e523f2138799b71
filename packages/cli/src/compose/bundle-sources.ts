import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  BUILT_IN_BUNDLES,
  type BundleSource,
  createGitFetcher,
  createHttpFetcher,
  createOciFetcher,
  createRemoteBundle,
  type Fetcher,
  parseEntrypoint,
  type RequiredSignature,
  renderProblem,
} from '@writ/bundle';
import { createOutbound, type Outbound, type TlsMaterial } from '@writ/outbound';
import type { BundleConfig, SignatureConfig } from '../config/bundle-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { bundleName, findBundlePaths } from './find-bundles.ts';

/** What decides where bundles come from. */
export interface BundleSourceOptions {
  readonly bundles: readonly BundleConfig[] | undefined;
  /** The folder that relative paths of the configuration start from. */
  readonly folder: string;
  /** Keeps what was fetched. */
  readonly dataDirectory: string;
  /** Production: no bundle that somebody could change unsigned. */
  readonly production: boolean;
  /** Policies may be written over the API: then there may be none to begin with. */
  readonly writable?: boolean;
  /** From the command line; goes before the configuration. */
  readonly paths?: readonly string[];
  readonly entrypoints?: readonly string[];
}

/** The sources that a service decides by. */
export function bundleSources(options: BundleSourceOptions): BundleSource[] {
  const { paths = [], bundles = [] } = options;
  const asked = (options.entrypoints ?? []).map(readEntrypoint);
  const entrypoints = asked.length === 0 ? {} : { entrypoints: asked };
  if (paths.length > 0) {
    if (options.production) throw unsigned(`--bundle ${paths[0]}`);
    return paths.flatMap((path): BundleSource[] => builtIn(path) ?? folderSources(path, entrypoints));
  }
  if (bundles.length === 0 && options.writable === true) return [];
  if (bundles.length === 0) {
    throw new CommandError(
      EXIT.config,
      'there are no policies to decide by',
      'name a folder with --bundle DIR, or run `writ init`',
    );
  }
  return bundles.flatMap((bundle) => configuredSource(bundle, options, entrypoints));
}

type Entrypoints = { readonly entrypoints?: ReturnType<typeof readEntrypoint>[] };

function builtIn(name: string): BundleSource[] | undefined {
  const bundle = BUILT_IN_BUNDLES.get(name);
  return bundle === undefined ? undefined : [{ kind: 'built-in', bundle }];
}

function folderSources(path: string, entrypoints: Entrypoints): BundleSource[] {
  return findBundlePaths(path).map((found) => ({
    kind: 'path',
    path: found,
    name: bundleName(found),
    ...entrypoints,
  }));
}

function configuredSource(
  bundle: BundleConfig,
  options: BundleSourceOptions,
  entrypoints: Entrypoints,
): BundleSource[] {
  const signatures = (bundle.signatures ?? []).map((one) => requiredSignature(one, options.folder));
  const shared = {
    ...(signatures.length === 0 ? {} : { signatures }),
    ...(bundle.engine === undefined ? {} : { engine: bundle.engine }),
    ...(bundle.third_party === undefined ? {} : { thirdParty: bundle.third_party }),
    ...(bundle.layers === undefined ? {} : { layers: bundle.layers }),
    ...(bundle.mode === undefined ? {} : { mode: bundle.mode }),
    ...(bundle.unreviewed === undefined ? {} : { unreviewed: bundle.unreviewed }),
  };
  if (options.production && bundle.unreviewed === true)
    throw new CommandError(
      EXIT.config,
      `bundle \`${bundle.name}\`: \`unreviewed\` is not for production`,
      'take it out, and have the reviewers sign',
    );
  if (bundle.directory !== undefined) {
    const standing = builtIn(bundle.directory);
    if (standing !== undefined) return standing;
    if (options.production && signatures.length === 0) throw unsigned(`bundle \`${bundle.name}\``);
    const own = (bundle.entrypoints ?? []).map(readEntrypoint);
    const path = resolve(options.folder, bundle.directory);
    const asked = own.length === 0 ? entrypoints : { entrypoints: own };
    if (options.production && asked.entrypoints !== undefined)
      throw new CommandError(
        EXIT.config,
        `bundle \`${bundle.name}\`: entrypoints from outside of it are not for production`,
        'what is asked belongs to what is signed: name them in its manifest',
      );
    return [{ kind: 'path', path, name: bundle.name, ...shared, ...asked }];
  }
  const isSigned = signatures.length > 0 || bundle.git?.allowed_signers !== undefined;
  if (!isSigned) throw unsigned(`bundle \`${bundle.name}\``);
  const remote = createRemoteBundle({
    name: bundle.name,
    directory: join(options.dataDirectory, 'bundles'),
    fetcher: fetcherOf(bundle, options),
    ...(bundle.poll_seconds === undefined ? {} : { pollMs: bundle.poll_seconds * 1000 }),
    ...(bundle.max_age_seconds === undefined ? {} : { maxAgeMs: bundle.max_age_seconds * 1000 }),
    ...(bundle.history === undefined ? {} : { keep: bundle.history }),
  });
  return [{ kind: 'remote', remote, ...shared }];
}

function fetcherOf(bundle: BundleConfig, { folder, dataDirectory }: BundleSourceOptions): Fetcher {
  if (bundle.git !== undefined) {
    const { repository, ref, folder: within, allowed_signers: signers } = bundle.git;
    return createGitFetcher({
      repository,
      ref,
      directory: join(dataDirectory, 'bundles', `${bundle.name}.git`),
      ...(within === undefined ? {} : { folder: within }),
      ...(signers === undefined ? {} : { allowedSigners: resolve(folder, signers) }),
    });
  }
  const { token_file: tokenFile, username, password_file: passwordFile } = bundle;
  const secret = (file: string): string => readSecret(resolve(folder, file));
  const password = (): { username: string; password: string } | undefined =>
    username === undefined || passwordFile === undefined
      ? undefined
      : { username, password: secret(passwordFile) };
  if (bundle.oci !== undefined)
    return createOciFetcher({
      reference: bundle.oci,
      outbound: outboundFor(bundle, folder),
      credentials: password,
      ...(bundle.insecure === undefined ? {} : { insecure: bundle.insecure }),
    });
  return createHttpFetcher({
    url: bundle.url ?? '',
    outbound: outboundFor(bundle, folder),
    detached: (bundle.signatures ?? []).some(({ form }) => form === 'detached'),
    headers: () => authorization(tokenFile === undefined ? undefined : secret(tokenFile), password()),
    ...(bundle.long_poll_seconds === undefined ? {} : { longPollSeconds: bundle.long_poll_seconds }),
  });
}

function authorization(
  token: string | undefined,
  password: { readonly username: string; readonly password: string } | undefined,
): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (password === undefined) return {};
  const pair = Buffer.from(`${password.username}:${password.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

/** Bundles may be large and slow to come; where they may come from is said by name. */
function outboundFor(bundle: BundleConfig, folder: string): Outbound {
  const wait = bundle.long_poll_seconds ?? 0;
  const tls = tlsOf(bundle, folder);
  return createOutbound({
    allowLoopback: bundle.allow?.includes('loopback') ?? false,
    allowPrivate: bundle.allow?.includes('private') ?? false,
    timeoutMs: (60 + wait) * 1000,
    responseBytesMax: 128 * 1024 * 1024,
    ...(tls === undefined ? {} : { tls }),
  });
}

/** The client's certificate is for the place where the bundle is published, wherever that redirects. */
function tlsOf(bundle: BundleConfig, folder: string): ((host: string) => TlsMaterial) | undefined {
  if (bundle.tls === undefined) return undefined;
  const { ca_file: ca, cert_file: cert, key_file: key } = bundle.tls;
  for (const file of [ca, cert, key]) {
    if (file !== undefined && !existsSync(resolve(folder, file)))
      throw new CommandError(
        EXIT.config,
        `bundle \`${bundle.name}\`: tls: there is no file ${resolve(folder, file)}`,
      );
  }
  const read = (file: string): string => readFileSync(resolve(folder, file), 'utf8');
  const own = new URL(bundle.url ?? `https://${bundle.oci ?? ''}`).hostname.replace(/^\[|\]$/g, '');
  return (host) => ({
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(cert === undefined || key === undefined || host !== own ? {} : { cert: read(cert), key: read(key) }),
  });
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function requiredSignature(written: SignatureConfig, folder: string): RequiredSignature {
  const standard = written.form === 'bundle' ? 'RS256' : 'ES256';
  const keys = Object.entries(written.keys).map(([id, { algorithm, file, scope }]) => {
    const path = resolve(folder, file);
    if (!existsSync(path))
      throw new CommandError(EXIT.config, `signature \`${written.name}\`: there is no key file ${path}`);
    const key = { algorithm: algorithm ?? standard, key: readFileSync(path, 'utf8') } as const;
    return [id, scope === undefined ? key : { ...key, scope }] as const;
  });
  return {
    name: written.name,
    form: written.form,
    keys: Object.fromEntries(keys),
    ...(written.key_id === undefined ? {} : { keyId: written.key_id }),
    ...(written.scope === undefined ? {} : { scope: written.scope }),
    ...(written.exclude_files === undefined ? {} : { excludeFiles: written.exclude_files }),
  };
}

function unsigned(what: string): CommandError {
  return new CommandError(
    EXIT.config,
    `${what} needs no signature, so that whoever can write there writes policy`,
    'list `signatures` for it in writ.yaml; only a folder, and only outside production, may go without',
  );
}

function readEntrypoint(text: string) {
  const read = parseEntrypoint(text);
  if (!read.ok) throw new CommandError(EXIT.usage, renderProblem(read.problem));
  return read.entrypoint;
}
