import { NotUnderstood } from './command-analysis.ts';

/** Devices that hold nothing. */
const HARMLESS = /^\/dev\/(null|zero|full|stdin|stdout|stderr|tty|fd\/\d+)$/;
/** What bash opens as a connection. */
const CONNECTION = /^\/dev\/(tcp|udp)(\/|$)/;
const WILDCARD = /[*?[{]/;

/** How a path is resolved. */
export interface PathSetting {
  /** Folders that the command may be in by then; `''` is one that is not known. */
  readonly folders: readonly string[];
  readonly home: string | undefined;
}

/**
 * The paths that a word may mean, normalised by their text alone (links are not followed): one for each folder that the
 * command may be in. Throws where `..` would leave what is known.
 */
export function resolvePath(
  text: string,
  { folders, home }: PathSetting,
  { tilde = false, pattern = false }: { readonly tilde?: boolean; readonly pattern?: boolean } = {},
): readonly string[] {
  if (text === '' || text === '-') return [];
  // `~+` and `~-` are folders that the shell was in, `~user` is a home or, where there is no such user, a plain name.
  if (tilde && !/^~(\/|$)/.test(text)) throw new NotUnderstood(`what \`${text}\` stands for is not known`);
  const absolute = tilde ? atHome(text, home) : text;
  const bases = absolute.startsWith('/') || tilde ? [''] : folders;
  const found = bases.map((base) =>
    normalise(base === '' ? absolute : `${base}/${absolute}`, tilde, pattern),
  );
  for (const path of found) {
    if (CONNECTION.test(path)) throw new NotUnderstood(`\`${path}\` is a connection, not a file`);
  }
  return [...new Set(found)].filter((path) => !HARMLESS.test(path));
}

function atHome(text: string, home: string | undefined): string {
  if (home === undefined || !/^~(\/|$)/.test(text)) return text;
  return `${home}${text.slice(1)}`;
}

function normalise(path: string, tilde: boolean, pattern: boolean): string {
  const root = path.startsWith('/') ? '/' : '';
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (pattern && /^\.[*?[]/.test(step)) throw new NotUnderstood(`\`${path}\` may match \`..\``);
    if (step !== '..') {
      steps.push(step);
      continue;
    }
    const last = steps.at(-1);
    if (last === undefined && root === '/') continue;
    if (tilde && root === '' && steps.length <= 1) throw new NotUnderstood(`\`${path}\` leaves \`~\``);
    if (pattern && last !== undefined && WILDCARD.test(last))
      throw new NotUnderstood(`\`${path}\` goes up from a wildcard`);
    if (last === undefined || last === '..') steps.push('..');
    else steps.pop();
  }
  const normal = `${root}${steps.join('/')}`;
  return normal === '' ? '.' : normal;
}
