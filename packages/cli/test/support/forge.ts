import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, stopAfterTest } from './registry.ts';
import { eventually, writArguments } from './run-writ.ts';

/** Git without anybody's own settings. */
export function git(cwd: string, ...words: string[]): string {
  return execFileSync('git', words, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: gitEnvironment(),
  }).trim();
}

export function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'dev',
    GIT_AUTHOR_EMAIL: 'dev@example.com',
    GIT_COMMITTER_NAME: 'dev',
    GIT_COMMITTER_EMAIL: 'dev@example.com',
  };
}

/** A git server that runs `policy.mjs` as a CI system would, and takes into `main` only what passed. */
export interface Forge {
  /** `git://127.0.0.1:PORT/policies.git`. */
  readonly url: string;
  /** What CI wrote about a commit, and whether it passed. */
  checked(commit: string): { readonly passed: boolean; readonly log: string; readonly diff: string };
}

export interface ForgeOptions {
  readonly folder: string;
  /** Settings of `policy.mjs`. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Starts the server. Pushing a branch runs `check` and keeps its outcome by commit; pushing `main` is refused for a
 * commit that did not pass; then `release` runs, and `promote` for a tag. Hooks end before the push does.
 */
export async function startForge({ folder, settings }: ForgeOptions): Promise<Forge> {
  const bare = join(folder, 'srv/policies.git');
  mkdirSync(bare, { recursive: true });
  git(bare, 'init', '--quiet', '--bare', '--initial-branch=main');
  git(bare, 'config', 'daemon.receivepack', 'true');
  const checks = join(folder, 'checks');
  mkdirSync(checks);
  writeHook(bare, 'update', updateHook(checks));
  writeHook(bare, 'post-receive', postReceiveHook(folder, checks));
  const port = await freePort();
  const environment = {
    ...gitEnvironment(),
    ...settings,
    WRIT: [process.execPath, ...writArguments([])].join(' '),
    NODE: process.execPath,
  };
  const words = ['daemon', '--listen=127.0.0.1', `--port=${port}`, '--export-all', '--enable=receive-pack'];
  stopAfterTest(
    spawn('git', [...words, `--base-path=${join(folder, 'srv')}`, join(folder, 'srv')], {
      stdio: 'ignore',
      env: environment,
    }),
  );
  const url = `git://127.0.0.1:${port}/policies.git`;
  await eventually('the git server answers', () =>
    spawnSync('git', ['ls-remote', url], { env: gitEnvironment() }).status === 0 ? true : undefined,
  );
  const textOf = (name: string): string =>
    existsSync(join(checks, name)) ? readFileSync(join(checks, name), 'utf8') : '';
  return {
    url,
    checked: (commit) => ({
      passed: existsSync(join(checks, `${commit}.passed`)),
      log: textOf(`${commit}.log`),
      diff: textOf(`${commit}.md`),
    }),
  };
}

function writeHook(bare: string, name: string, text: string): void {
  const file = join(bare, 'hooks', name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

/** The protected branch: after the first push only commits that passed. */
function updateHook(checks: string): string {
  return `#!/bin/sh
[ "$1" = refs/heads/main ] || exit 0
case "$2" in *[!0]*) ;; *) exit 0 ;; esac
[ -e "${checks}/$3.passed" ] || { echo "the checks of $3 did not pass" >&2; exit 1; }
`;
}

/** CI: a fresh clone for each run, and nothing but calls of the script. */
function postReceiveHook(folder: string, checks: string): string {
  return `#!/bin/sh
repository=$(pwd)
unset GIT_DIR GIT_QUARANTINE_PATH
while read -r old new ref; do
  work=$(mktemp -d "${folder}/ci-XXXXXX")
  git clone --quiet "$repository" "$work" && cd "$work" && git checkout --quiet "$new^{commit}" || exit 1
  case "$ref" in
    refs/heads/main) "$NODE" policy.mjs release >"${checks}/$new.release" 2>&1 || cat "${checks}/$new.release" >&2 ;;
    refs/tags/*) "$NODE" policy.mjs promote "\${ref#refs/tags/}" >&2 ;;
    *)
      if POLICY_DIFF="${checks}/$new.md" "$NODE" policy.mjs check origin/main >"${checks}/$new.log" 2>&1
      then touch "${checks}/$new.passed"
      fi ;;
  esac
done
`;
}
