/** Programs that only start another: the server's name comes after them. */
const STARTERS = new Set([
  'npx',
  'node',
  'bunx',
  'deno',
  'uvx',
  'uv',
  'pipx',
  'python',
  'python3',
  'docker',
  'run',
  'exec',
  'tool',
]);
const ID_LENGTH_MAX = 32;

/**
 * How policies name a server that is given by its command: the package or program without scope, version and ending
 * (`npx -y @modelcontextprotocol/server-filesystem@2 ./files` is `server-filesystem`), `stdio` where nothing is left.
 */
export function serverIdOf(words: readonly string[]): string {
  const named = words.find((word) => !word.startsWith('-') && !STARTERS.has(nameOf(word)));
  const id = nameOf(named ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, ID_LENGTH_MAX)
    .replace(/-+$/, '');
  return id === '' ? 'stdio' : id;
}

/** The last part of a path or package name, without version and file ending. */
function nameOf(word: string): string {
  const last = word.split(/[\\/]/).at(-1) ?? '';
  return last.replace(/(?<=.)@.*$/, '').replace(/\.(exe|cmd|[cm]?[jt]s|py)$/i, '');
}
