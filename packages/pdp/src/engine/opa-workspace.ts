import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jsonBytes } from '@writ/bundle';
import type { EngineBundle, EngineDiagnostic } from './engine.ts';

/** The files of one managed OPA: its bundles, unpacked, in a folder that only this user can enter. */
export interface OpaWorkspace {
  readonly folder: string;
  /** Names of the bundles' folders, which is how OPA names the bundles in its provenance. */
  readonly folders: ReadonlyMap<string, string>;
  /** What OPA is told to ask of whoever speaks to it; only Writ knows it. */
  readonly token: string;
  readonly authorizationFolder: string;
  remove(): Promise<void>;
}

/** Builtins that reach outside of the evaluation; policies here have none of them. */
const FORBIDDEN_BUILTINS: ReadonlySet<string> = new Set(['http.send', 'net.lookup_ip_addr', 'opa.runtime']);

/** Writes bundles as OPA reads them. The revision that OPA then names is the content's digest. */
export async function createOpaWorkspace(bundles: readonly EngineBundle[]): Promise<OpaWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-opa-'));
  await chmod(folder, 0o700);
  const folders = new Map<string, string>();
  const token = randomBytes(32).toString('base64url');
  try {
    for (const [index, bundle] of bundles.entries()) {
      folders.set(bundle.name, `b${index}`);
      await writeBundle(join(folder, `b${index}`), bundle);
    }
    await writeAuthorization(join(folder, 'authorization'), token);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    folder,
    folders,
    token,
    authorizationFolder: 'authorization',
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writeBundle(folder: string, bundle: EngineBundle): Promise<void> {
  const versions = bundle.modules.flatMap((module) =>
    module.version === undefined || module.version === bundle.regoVersion
      ? []
      : [[`/${module.file}`, module.version] as const],
  );
  const manifest = {
    revision: bundle.digest,
    roots: rootsFor(bundle),
    rego_version: bundle.regoVersion,
    ...(versions.length === 0 ? {} : { file_rego_versions: Object.fromEntries(versions) }),
  };
  await writeText(join(folder, '.manifest'), JSON.stringify(manifest));
  await writeText(join(folder, 'data.json'), jsonBytes(bundle.data));
  for (const module of bundle.modules) await writeText(join(folder, module.file), module.text);
}

/** Roots without `''`, which would own `system` too: then what the bundle holds, by its data and its packages' names. */
function rootsFor(bundle: EngineBundle): readonly string[] {
  const roots = bundle.roots ?? [''];
  if (!roots.includes('')) return roots;
  const names = bundle.modules.flatMap(
    (module) => /^[ \t]*package[ \t]+([A-Za-z_][A-Za-z0-9_]*)/m.exec(module.text)?.[1] ?? [],
  );
  return [...new Set([...Object.keys(bundle.data), ...names])].sort();
}

async function writeAuthorization(folder: string, token: string): Promise<void> {
  await writeText(
    join(folder, '.manifest'),
    JSON.stringify({ revision: 'writ', roots: ['system/authz'], rego_version: 1 }),
  );
  const policy = [
    'package system.authz',
    'default allow := false',
    `allow if { input.identity == ${JSON.stringify(token)}; input.method == "POST"; input.path[0] == "v1"; input.path[1] == "data" }`,
    `allow if { input.identity == ${JSON.stringify(token)}; input.method == "GET"; input.path == ["health"] }`,
  ];
  await writeText(join(folder, 'authz.rego'), `${policy.join('\n')}\n`);
}

async function writeText(file: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, text, { mode: 0o600 });
}

/** What a child gets of this process's environment; OPA takes settings from variables of its own (`OPA_…`). */
export function childEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'USERPROFILE', 'LOCALAPPDATA'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** `opa check` on the workspace, without the builtins that reach outside; its findings by bundle, file and row. */
export async function checkWithOpa(
  binary: string,
  workspace: OpaWorkspace,
): Promise<readonly EngineDiagnostic[]> {
  const listed = await runOpa(binary, ['capabilities', '--current'], workspace.folder);
  if (listed.code !== 0)
    return [unusable(`\`opa capabilities\` failed: ${listed.stderr.trim().slice(0, 300)}`)];
  const capabilities = JSON.parse(listed.stdout) as { builtins: { name: string }[] };
  const allowed = {
    ...capabilities,
    allow_net: [],
    builtins: capabilities.builtins.filter(({ name }) => !FORBIDDEN_BUILTINS.has(name)),
  };
  await writeText(join(workspace.folder, 'capabilities.json'), JSON.stringify(allowed));
  const names = [...workspace.folders.values()];
  const checked = await runOpa(
    binary,
    ['check', '--bundle', '--format', 'json', '--capabilities', 'capabilities.json', ...names],
    workspace.folder,
  );
  return checked.code === 0 ? [] : readCheck(checked, workspace);
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_TIMEOUT_MS = 30_000;

function runOpa(binary: string, args: readonly string[], folder: string): Promise<Ran> {
  return new Promise((settle) => {
    const child = spawn(binary, args, {
      cwd: folder,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => settle({ code: -1, stdout: '', stderr: error.message }));
    child.on('close', (code) =>
      settle({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
  });
}

/** `opa check --format json` writes `{errors: [{code, message, location{file, row, col}}]}` to one of its outputs. */
function readCheck(checked: Ran, workspace: OpaWorkspace): EngineDiagnostic[] {
  const text = [checked.stderr, checked.stdout].find((output) => output.trimStart().startsWith('{'));
  try {
    const { errors } = JSON.parse(text ?? '') as {
      errors: { code: string; message: string; location?: { file: string; row: number; col: number } }[];
    };
    return errors.map(({ code, message, location }) => ({
      code,
      severity: 'error',
      message,
      ...(location === undefined
        ? { bundle: '' }
        : { ...placeOf(location.file, workspace), row: location.row, column: location.col }),
    }));
  } catch {
    return [unusable(checked.stderr.trim().slice(0, 1000) || '`opa check` failed')];
  }
}

function placeOf(file: string, workspace: OpaWorkspace): { bundle: string; file: string } {
  const relative = file.startsWith(workspace.folder)
    ? file.slice(workspace.folder.length + 1)
    : file.replace(/^\/+/, '');
  const found = [...workspace.folders].find(([, folder]) => relative.startsWith(`${folder}/`));
  return found === undefined
    ? { bundle: '', file: relative }
    : { bundle: found[0], file: relative.slice(found[1].length + 1) };
}

export function unusable(message: string): EngineDiagnostic {
  return { code: 'policy_engine_unavailable', severity: 'error', bundle: '', message };
}
