#!/usr/bin/env node
/**
 * From a change of policies to every decision point. CI systems only call this script, so that it can be run anywhere:
 *
 *   node policy.mjs check [BASE]      what a pull request has to pass; BASE is its target, such as origin/main
 *   node policy.mjs release           build, sign, publish and put into staging what this commit changed
 *   node policy.mjs promote TAG       put into production exactly what was built for the commit of this git tag
 *   node policy.mjs rollback          after a git revert: release, and into production at once
 *
 * Settings, from the environment:
 *
 *   POLICY_REGISTRY                where bundles are published: HOST/PREFIX
 *   POLICY_SIGNING_KEY             file with the private key (PEM), or
 *   POLICY_SIGNING_COMMAND         program that signs with a key in a key service (writ build --signing-command)
 *   POLICY_SIGNING_ALG, POLICY_KEY_ID    default: ES256, k1
 *   POLICY_COVERAGE                least percentage of lines that tests reach; default: 80
 *   POLICY_REGISTRY_USER, POLICY_REGISTRY_PASSWORD_FILE, POLICY_REGISTRY_INSECURE=1
 *   POLICY_DIFF                    where `check` writes what changes, in words; default: policy-diff.md
 *   WRIT                           how to call writ; default: npx writ
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const env = process.env;
const FOLDER = 'policies';
const COVERAGE = env.POLICY_COVERAGE ?? '80';
const [WRIT, ...WRIT_ARGUMENTS] = (env.WRIT ?? 'npx writ').split(' ');

/** Something that a person has to mend; said without a stack. */
class Stop extends Error {}

function run(program, words, { quiet = false, mayFail = false } = {}) {
  const ran = spawnSync(program, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'],
  });
  if (ran.error) throw new Stop(`${program} cannot be started: ${ran.error.message}`);
  if (ran.status !== 0 && !mayFail) {
    if (ran.stdout) process.stderr.write(ran.stdout);
    if (quiet && ran.stderr) process.stderr.write(ran.stderr);
    throw new Stop(`failed: ${program} ${words.join(' ')}`);
  }
  return { ok: ran.status === 0, out: ran.stdout.trim() };
}

const git = (...words) => run('git', words, { quiet: true }).out;
const writ = (...words) => run(WRIT, [...WRIT_ARGUMENTS, ...words]).out;
const tryWrit = (...words) => run(WRIT, [...WRIT_ARGUMENTS, ...words], { quiet: true, mayFail: true });

/** Every folder below `policies` is a bundle, named as the folder. */
const bundlesHere = () =>
  readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** The commit that last changed a bundle, and its place in the order of commits. */
function publicationOf(name, commit) {
  const revision = git('log', '-1', '--first-parent', '--format=%H', commit, '--', `${FOLDER}/${name}`);
  return { revision, sequence: git('rev-list', '--count', revision) };
}

/** The newest earlier commit at which the bundle was exactly as it is now: this change goes back to it. */
function earlierTwin(name, revision) {
  const treeAt = (commit) =>
    run('git', ['rev-parse', `${commit}:${FOLDER}/${name}`], { quiet: true, mayFail: true }).out;
  const [, ...earlier] = git(
    'log',
    '--first-parent',
    '--format=%H',
    revision,
    '--',
    `${FOLDER}/${name}`,
  ).split('\n');
  const now = treeAt(revision);
  return earlier.find((commit) => treeAt(commit) === now);
}

const registry = () => {
  if (!env.POLICY_REGISTRY) throw new Stop('POLICY_REGISTRY is not set: HOST/PREFIX of the registry');
  return env.POLICY_REGISTRY;
};
const login = () => [
  ...(env.POLICY_REGISTRY_USER ? ['--username', env.POLICY_REGISTRY_USER] : []),
  ...(env.POLICY_REGISTRY_PASSWORD_FILE ? ['--password-file', env.POLICY_REGISTRY_PASSWORD_FILE] : []),
  ...(env.POLICY_REGISTRY_INSECURE ? ['--insecure'] : []),
];

function signing() {
  const words = [
    '--signing-alg',
    env.POLICY_SIGNING_ALG ?? 'ES256',
    '--signing-key-id',
    env.POLICY_KEY_ID ?? 'k1',
  ];
  if (env.POLICY_SIGNING_COMMAND) return ['--signing-command', env.POLICY_SIGNING_COMMAND, ...words];
  if (env.POLICY_SIGNING_KEY) return ['--signing-key', env.POLICY_SIGNING_KEY, ...words];
  throw new Stop(
    'neither POLICY_SIGNING_KEY nor POLICY_SIGNING_COMMAND is set: nothing unsigned is published',
  );
}

function inScratch(work) {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole history must be here: places in the order of commits are counted. */
function requireHistory() {
  if (git('rev-parse', '--is-shallow-repository') === 'true')
    throw new Stop('this is a shallow clone: fetch the whole history (fetch-depth: 0)');
  if (git('status', '--porcelain', '--', FOLDER) !== '')
    throw new Stop(`${FOLDER} holds what no commit has: only commits are published`);
}

function check(base) {
  const names = bundlesHere();
  const folders = names.map((name) => join(FOLDER, name));
  writ('fmt', '--list', '--fail', ...folders);
  writ('check', '--strict', ...folders);
  inScratch((scratch) => {
    for (const [index, folder] of folders.entries()) {
      writ('test', folder);
      writ(
        'build',
        folder,
        '-o',
        join(scratch, `${names[index]}.tar.gz`),
        '--require-tests',
        '--coverage',
        COVERAGE,
      );
      console.log(`${names[index]}: formatted, checked, tested`);
    }
  });
  if (base === undefined) return;
  const report = describeChanges(base, names);
  writeFileSync(env.POLICY_DIFF ?? 'policy-diff.md', report);
  console.log(report);
}

/** What merging would change, in words, bundle by bundle. */
function describeChanges(base, names) {
  const before = run('git', ['ls-tree', '--name-only', base, `${FOLDER}/`], { quiet: true }).out;
  const old = before
    .split('\n')
    .filter(Boolean)
    .map((path) => path.slice(FOLDER.length + 1));
  const requests = existsSync('requests') ? ['--requests', 'requests'] : [];
  const parts = [...new Set([...old, ...names])].sort().map((name) => {
    const path = `${FOLDER}/${name}`;
    if (!names.includes(name)) return `## ${name}\n\nThe whole bundle is taken out.`;
    if (!old.includes(name)) return `## ${name}\n\nA new bundle.`;
    if (run('git', ['diff', '--quiet', base, '--', path], { quiet: true, mayFail: true }).ok)
      return undefined;
    return `## ${name}\n\n${writ('diff', `git:${base}:${path}`, path, ...requests, '--format', 'markdown')}`;
  });
  const told = parts.filter((part) => part !== undefined);
  return `# What changes\n\n${told.length === 0 ? 'No policy changes.' : told.join('\n\n')}\n`;
}

/** Builds, signs and publishes each bundle once for the commit that changed it, then names it under `tag`. */
function release(tag) {
  requireHistory();
  return inScratch((scratch) =>
    bundlesHere().map((name) => {
      const { revision, sequence } = publicationOf(name, 'HEAD');
      const reference = `${registry()}/${name}:${revision}`;
      const twin = earlierTwin(name, revision);
      // What was published for this commit stays what it is: another run names it, and builds nothing.
      if (!tryWrit('bundles', 'tag', reference, tag, ...login()).ok) {
        const file = join(scratch, `${name}.tar.gz`);
        const back = twin === undefined ? [] : ['--rollback-to', twin];
        const build = ['build', join(FOLDER, name), '-o', file, '--require-tests', '--coverage', COVERAGE];
        writ(...build, '--revision', revision, '--sequence', sequence, ...back, ...signing());
        writ('bundles', 'push', file, reference, ...login());
        writ('bundles', 'tag', reference, tag, ...login());
      }
      console.log(
        `${name}: ${revision.slice(0, 12)} (sequence ${sequence}${twin === undefined ? '' : `, back to ${twin.slice(0, 12)}`}) is ${tag}`,
      );
      return { name, revision, twin };
    }),
  );
}

/** The same bytes that staging had, under the tag that production follows. */
function promote(gitTag, tag = 'production') {
  if (gitTag === undefined) throw new Stop('name the git tag whose commit goes into production');
  const commit = git('rev-list', '-n', '1', gitTag);
  const paths = git('ls-tree', '--name-only', commit, `${FOLDER}/`).split('\n');
  for (const name of paths.map((path) => path.slice(FOLDER.length + 1))) {
    const { revision } = publicationOf(name, commit);
    const tagged = writ('bundles', 'tag', `${registry()}/${name}:${revision}`, tag, ...login());
    console.log(`${name}: ${revision.slice(0, 12)} is ${tagged}`);
  }
}

function rollback() {
  const released = release('staging');
  const back = released.filter(({ twin }) => twin !== undefined);
  if (back.length === 0)
    throw new Stop('nothing here is as it was before: revert first (git revert COMMIT), and commit that');
  promote('HEAD');
}

const COMMANDS = {
  check: ([base]) => check(base),
  release: () => void release('staging'),
  promote: ([tag]) => promote(tag),
  rollback,
};

const [command, ...rest] = process.argv.slice(2);
try {
  if (!Object.hasOwn(COMMANDS, command ?? ''))
    throw new Stop(`say one of ${Object.keys(COMMANDS).join(', ')}`);
  COMMANDS[command](rest);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(`policy: ${error.message}`);
  process.exitCode = 1;
}
