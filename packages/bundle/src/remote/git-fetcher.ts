import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { type Fetcher, type FetchOutcome, unavailable } from './fetcher.ts';

/** A bundle in a git repository. */
export interface GitFetcherOptions {
  /** As git takes it: `https://…`, `ssh://…`, `file://…`. */
  readonly repository: string;
  /** Branch or tag. */
  readonly ref: string;
  /** Folder of the bundle within the repository; all of it by default. */
  readonly folder?: string;
  /** Where the repository is kept between fetches. */
  readonly directory: string;
  /**
   * File of SSH signers (`ssh-keygen(1)`, "ALLOWED SIGNERS"): the commit must carry a signature of one of them. By
   * default commits need none.
   */
  readonly allowedSigners?: string;
  /** Longest time of one git command, ms. Default 60,000. */
  readonly timeoutMs?: number;
}

const COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * Fetches one commit of a branch or tag with the system's git and packs the folder as it is there. No hook runs, no
 * redirect is followed, no credential is asked for at a terminal, and nothing is checked out: what arrives are bytes of a tar archive.
 */
export function createGitFetcher(options: GitFetcherOptions): Fetcher {
  const place = `${withoutUser(options.repository)} ${options.ref}`;
  return {
    place,
    waits: false,
    async fetch(since, signal) {
      try {
        return await fetchCommit(options, place, since, signal);
      } catch (error) {
        const { code, stderr } = error as { code?: unknown; stderr?: unknown };
        if (code === 'ENOENT')
          return unavailable('git is not installed', 'install git, or use another source');
        const last = String(stderr ?? '')
          .trim()
          .split('\n')
          .at(-1);
        return unavailable(
          `${place} cannot be fetched: ${last === '' || last === undefined ? 'git failed' : last}`,
        );
      }
    },
    close: () => Promise.resolve(),
  };
}

async function fetchCommit(
  options: GitFetcherOptions,
  place: string,
  since: string | undefined,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  const git = (...words: string[]) => runGit(options, words, signal);
  const commit = await remoteCommit(options, git);
  if (commit === undefined) return unavailable(`${place}: there is no such branch or tag`);
  if (commit === since) return { kind: 'unchanged' };
  if (!existsSync(options.directory)) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    await git('init', '--quiet', '--bare');
  }
  await git('fetch', '--quiet', '--depth', '1', '--no-tags', '--', options.repository, options.ref);
  const fetched = (await git('rev-parse', 'FETCH_HEAD^{commit}')).toString('utf8').trim();
  if (options.allowedSigners !== undefined) {
    const refused = await unsignedBy(options, fetched, signal);
    if (refused !== undefined)
      return { kind: 'failed', problem: { code: 'bundle_signature_invalid', message: refused } };
  }
  const folder = (options.folder ?? '').replace(/^\/+|\/+$/g, '');
  const archive = await git('archive', '--format=tar.gz', folder === '' ? fetched : `${fetched}:${folder}`);
  return { kind: 'fetched', fetched: { archive, detached: [], tag: fetched, revision: fetched } };
}

/** What the ref names there now; an annotated tag counts as its commit. */
async function remoteCommit(
  options: GitFetcherOptions,
  git: (...words: string[]) => Promise<Buffer>,
): Promise<string | undefined> {
  const text = (
    await git('ls-remote', '--quiet', '--', options.repository, options.ref, `${options.ref}^{}`)
  ).toString('utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const peeled = lines.find(([, name]) => name?.endsWith('^{}') === true);
  const commit = (peeled ?? lines[0])?.[0];
  return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
}

async function unsignedBy(
  options: GitFetcherOptions,
  commit: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await runGit(options, [...signatureSettings(options), 'verify-commit', commit], signal);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return `commit ${commit} carries no signature of an allowed signer`;
  }
}

/**
 * Nobody but the allowed signers, whatever somebody's settings or environment say: git takes the kind of a signature from
 * the commit, and would ask a keyring for other kinds, or a program that settings name.
 */
function signatureSettings({ allowedSigners }: GitFetcherOptions): string[] {
  return [
    `gpg.ssh.allowedSignersFile=${allowedSigners}`,
    'gpg.format=ssh',
    'gpg.ssh.program=ssh-keygen',
    'gpg.program=false',
    'gpg.openpgp.program=false',
    'gpg.x509.program=false',
  ].flatMap((setting) => ['-c', setting]);
}

const ARCHIVE_BYTES_MAX = 128 * 1024 * 1024;

function runGit(options: GitFetcherOptions, words: readonly string[], signal: AbortSignal): Promise<Buffer> {
  const safe = [
    '-c',
    'core.hooksPath=/dev/null',
    '-c',
    'protocol.ext.allow=never',
    '-c',
    'http.followRedirects=false',
    '-c',
    'tar.tar.gz.command=git archive gzip',
  ];
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      [...safe, ...words],
      {
        signal,
        encoding: 'buffer',
        cwd: existsSync(options.directory) ? options.directory : undefined,
        timeout: options.timeoutMs ?? 60_000,
        maxBuffer: ARCHIVE_BYTES_MAX,
        env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', GIT_CONFIG_NOSYSTEM: '1' },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(Object.assign(error, { stderr: stderr.toString('utf8') }));
      },
    );
  });
}

function withoutUser(repository: string): string {
  return repository.replace(/\/\/[^/@]*@/, '//');
}
