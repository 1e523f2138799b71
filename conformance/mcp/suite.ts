/** Runs the official conformance suite against one server, and reads its findings. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Revisions of the protocol whose frozen sets of scenarios are run. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof REVISIONS)[number];

/** One check of one scenario; `status` as the suite has it. */
export interface Finding {
  readonly scenario: string;
  readonly check: string;
  readonly status: string;
  readonly message: string | undefined;
}

const LONGEST_MS = 110_000;

/** The suite's command line. It needs the Node that runs this. */
function commandLine(): string {
  const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
  return join(dirname(manifest), 'dist', 'index.js');
}

/** Checks of a server, or of a client that `command` starts. */
export async function runSuite(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-conformance-'));
  try {
    const child = spawn(process.execPath, [commandLine(), ...words, '-o', folder], {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, ...env },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    await new Promise((resolve) => child.on('close', resolve));
    clearTimeout(timer);
    return await readFindings(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

async function readFindings(folder: string): Promise<Finding[]> {
  const files = await readdir(folder, { recursive: true });
  const found: Finding[] = [];
  for (const file of files.filter((name) => name.endsWith('checks.json')).sort()) {
    const checks = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly Check[];
    for (const { id, status, errorMessage } of checks) {
      found.push({ scenario: scenarioOf(file), check: id, status, message: errorMessage });
    }
  }
  return found;
}

/** Results lie in folders that are named by role, scenario and time. */
function scenarioOf(file: string): string {
  return dirname(file).replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, '');
}

/** How often each check of each scenario ended how: what two runs must have in common. */
export function countsOf(findings: readonly Finding[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { scenario, check, status } of findings) {
    if (status !== 'SUCCESS' && status !== 'FAILURE' && status !== 'WARNING') continue;
    const key = `${scenario} ${check} ${status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Passed and failed checks in one line. */
export function summary(findings: readonly Finding[]): string {
  const count = (status: string) => findings.filter((finding) => finding.status === status).length;
  return `${count('SUCCESS')} passed, ${count('FAILURE')} failed, ${count('WARNING')} warnings`;
}
